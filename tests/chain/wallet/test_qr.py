import segno

from app.chain.wallet.qr import QUIET_ZONE, qr_code


def test_the_code_holds_the_text_at_level_m():
    code = qr_code("mkHS9ne12qx9pS9VojpwU5xtRd4T7X7ZUt")
    assert (code.error, code.is_micro) == ("M", False)
    assert code == segno.make("mkHS9ne12qx9pS9VojpwU5xtRd4T7X7ZUt", error="m", micro=False)
    assert code != qr_code("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa")


def test_the_quiet_zone_is_the_standard_s():
    code = qr_code("mkHS9ne12qx9pS9VojpwU5xtRd4T7X7ZUt")
    assert code.default_border_size == QUIET_ZONE
