"""What every other room stands on: time, money, identifiers, codes, encryption, errors."""
