import pytest

from app.window.view import theme

THEMES = pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=["light", "dark"])


@THEMES
@pytest.mark.parametrize(("name", "one", "other"), theme.TEXT_PAIRS)
def test_every_text_stands_out_from_its_ground(name, one, other, colours):
    assert theme.contrast(getattr(colours, one), getattr(colours, other)) >= 4.5


@THEMES
@pytest.mark.parametrize(("name", "one", "other"), theme.SHAPE_PAIRS)
def test_every_shape_that_means_something_stands_out_from_its_ground(name, one, other, colours):
    assert theme.contrast(getattr(colours, one), getattr(colours, other)) >= 3


def test_contrast_is_that_of_the_guidelines():
    assert theme.contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert theme.contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)
    assert theme.contrast((10, 20, 30), (10, 20, 30)) == 1


def test_what_is_there_at_all_is_at_least_a_pixel():
    assert theme.Theme(1.0).px(0.2) == 1
    assert theme.Theme(1.0).px(0) == 0
    assert theme.Theme(2.0).px(8) == 16


def test_every_face_of_the_type_scale_comes_with_its_licence():
    from app.paths import assets

    for face in theme.FACES:
        assert (assets() / "fonts" / f"{face}.woff").is_file()
    assert "SIL Open Font License" in (assets() / "fonts" / "OFL.txt").read_text(encoding="utf-8")
