"""The database itself refuses to change what the log holds (PROTOCOL §1).

A queued entry is final: it is never deleted, and all that ever changes in it is the index that the sequencer gives, once.
"""

from django.db import migrations

REFUSE = """
CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        IF EXISTS (SELECT 1 FROM ledger_queuedentry WHERE index IS NOT NULL) THEN
            RAISE EXCEPTION 'the log cannot be truncated';
        END IF;
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.index IS NULL AND to_jsonb(OLD) - 'index' = to_jsonb(NEW) - 'index' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'an entry of the log is final';
END $$;
CREATE TRIGGER ledger_final BEFORE UPDATE OR DELETE ON ledger_queuedentry
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_whole BEFORE TRUNCATE ON ledger_queuedentry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""

ALLOW = """
DROP TRIGGER ledger_whole ON ledger_queuedentry;
DROP TRIGGER ledger_final ON ledger_queuedentry;
DROP FUNCTION ledger_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [migrations.RunSQL(REFUSE, ALLOW)]
