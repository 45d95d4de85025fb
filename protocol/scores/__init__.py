"""Scores of firms and departments (综合评分): DOMAIN "The joint score" as pure code, in whole numbers.

`exact` rounds and prints, `policy` holds what a city may set, `lines` judges one line, `figures` makes a score of many, `firms`
and `departments` group them, `standing` adds evaluations, conduct and deductions, `file` writes PROTOCOL §6. What DOMAIN leaves
open is decision record 22.

Units everywhere: time that was used comes in as microseconds of working time; days are hundredths of a working day,
efficiencies, J and weights ten-thousandths, scores and marks hundredths of a point. Each is rounded half-up once, in the order in
which it is printed, and what follows is computed from the rounded value.
"""
