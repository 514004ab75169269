"""CV-4."""

from cisterna.sessions.technique import Technique


class Cv4(Technique):
    """Thenars medial to the occipitomastoid sutures resist the widening phase."""

    name = "cv4"
    title = "CV-4"
    hands = {"cv4.L": "inward", "cv4.R": "inward"}
    target = "fluid of the fourth ventricle, still point"
    claims = ("C-055", "C-010")
    infant = False
