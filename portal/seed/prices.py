"""What services cost in the city."""

# Services that may be asked for without a further ground, with what they cost in yuan.
PRICES = {
    "S005": 90_000, "S006": 60_000, "S011": 70_000, "S012": 180_000, "S013": 120_000, "S014": 80_000, "S015": 60_000,
    "S019": 30_000, "S020": 18_000, "S022": 65_000, "S024": 25_000, "S025": 36_000, "S026": 30_000, "S030": 90_000,
    "S031": 50_000, "S034": 45_000,
}  # fmt: skip
USUAL_PRICE = 40_000
