"""The SQL macros that the channels' queries over orders, products and contacts use."""

from mappings.money import minor_unit_currencies


def order_macros() -> list[str]:
    """Return the SQL that defines `in_units` and `divided`.

    `in_units(amount, currency)` makes money of minor units, `divided(amount, divisor)` of an amount
    that comes with what to divide it by.
    """
    branches = " ".join(
        f"WHEN currency IN ({', '.join(repr(code) for code in codes)}) THEN {10**-digits:f}"
        for digits, codes in minor_unit_currencies().items()
    )
    return [
        "CREATE OR REPLACE TEMP MACRO in_units(amount, currency) AS CAST(CAST(amount AS "
        f"DECIMAL(15,0)) * CAST(CASE {branches} ELSE 0.01 END AS DECIMAL(5,4)) AS DECIMAL(19,4))",
        "CREATE OR REPLACE TEMP MACRO divided(amount, divisor) AS CAST(CAST(amount AS "
        "DECIMAL(15,0)) * CAST(CASE divisor WHEN 1 THEN 1 WHEN 10 THEN 0.1 WHEN 100 THEN 0.01 "
        "WHEN 1000 THEN 0.001 ELSE error(concat(divisor, ' is no divisor')) END AS DECIMAL(5,4)) "
        "AS DECIMAL(19,4))",
    ]
