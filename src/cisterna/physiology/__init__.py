"""The laws of the body: one component, one law. Importing this floor needs the model extra (JAX)."""

from cisterna.ground.errors import CisternaError

try:
    import jax
except ImportError as error:  # the base package works without the model
    raise CisternaError(
        "the model needs JAX, which is not installed", mend="pip install 'cisterna[model]', or python3 run.py"
    ) from error

# The one place where double precision is chosen: a touch moves ICP by a billionth of its value.
jax.config.update("jax_enable_x64", True)
