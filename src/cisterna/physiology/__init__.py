"""The laws of the body: one component, one law. Importing this floor needs the model extra (JAX)."""

import os

from cisterna.ground.errors import CisternaError

# A run is a loop of some hundred operations on short arrays. XLA makes one program of such a loop, instead of
# handing over every operation by itself, only up to a size; and its older code generator compiles them faster.
# Both are read when the first array is made, and what the user has set himself stays.
for _flag, _value in (
    ("--xla_backend_extra_options", "xla_cpu_small_while_loop_byte_threshold=10000000"),
    ("--xla_cpu_use_fusion_emitters", "false"),
):
    if _flag not in os.environ.get("XLA_FLAGS", ""):
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {_flag}={_value}".strip()

try:
    import jax
except ImportError as error:  # the base package works without the model
    raise CisternaError(
        "the model needs JAX, which is not installed", mend="pip install 'cisterna[model]', or python3 run.py"
    ) from error

# The one place where double precision is chosen: a touch moves ICP by a billionth of its value.
jax.config.update("jax_enable_x64", True)
