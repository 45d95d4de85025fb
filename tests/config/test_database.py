import pytest
from django.db import connection


@pytest.mark.django_db
def test_database_is_utf8_with_a_utf8_locale():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database "
            "WHERE datname = current_database()"
        )
        assert cursor.fetchone() == ("UTF8", "C.UTF-8", "C.UTF-8")


@pytest.mark.django_db
def test_chinese_names_have_trigrams():
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        cursor.execute(
            "SELECT cardinality(show_trgm('宁波市测绘设计研究院')), similarity('宁波测绘研究院', '宁波测绘设计研究院')"
        )
        trigrams, similar = cursor.fetchone()
    assert trigrams >= 10
    assert similar > 0.4


@pytest.mark.django_db
def test_server_is_postgresql_18():
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        assert int(cursor.fetchone()[0]) >= 180000
