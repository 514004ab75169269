"""What the tests of `test_apart` ask a child to do: a module, because a child imports what it runs."""

from cisterna.ground.errors import CisternaError, UnknownName


def ready(number):
    return number


def twice(number, told, more):
    for k in range(3):
        told(k / 2, number)
    return 2 * number + (more or 0)


def mistaken(number, told, more):
    raise UnknownName("station", "hel", ["heel"])


def faulty(number, told, more):
    raise ZeroDivisionError("one of ours")


def with_mistake(number):
    raise CisternaError("no rest", found=str(number))
