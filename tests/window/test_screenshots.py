"""The film of the window: pictures in order, equal ones joined, and as long as it should be."""

from PIL import Image

from app.window.screenshots import Film


def plain(colour):
    return Image.new("RGB", (64, 40), colour)


def test_a_film_has_a_picture_for_each_change_and_lasts_as_long_as_all_of_them(tmp_path):
    film = Film(32)
    for colour, milliseconds in (("white", 100), ("white", 200), ("black", 400), ("white", 50)):
        film.add(plain(colour), milliseconds)
    film.save(tmp_path / "film.gif")
    with Image.open(tmp_path / "film.gif") as shown:
        lasted = []
        for number in range(shown.n_frames):
            shown.seek(number)
            lasted.append(shown.info["duration"])
            assert shown.size == (32, 20)
    assert lasted == [300, 400, 50]
