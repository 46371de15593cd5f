import { ask, pascal, pythonSnippet, template } from '../define.ts';

const moduleName = ask(1, 'module_name', 'module_name');
const ModuleName = pascal(moduleName);
const calculation = ask(2, 'function', moduleName);
const configKey = ask(3, 'config_key', 'cycle_days');
const configDefault = ask(4, 'config_default', '30');
const field = ask(5, 'field', 'value');

export const servicePy = pythonSnippet({
  id: 'S-service-py',
  name: 'Module calculation (service.py)',
  prefix: 'gr-module-service',
  description: 'A pure async calculation: typed input, tunables from the configuration, native types out.',
  file: 'service.py',
  requirements: ['000-024', '003-009', '003-034', '003-035', '003-038', '003-039', '003-040', '003-041', '003-042'],
  body: template`
"""Calculation of the ${moduleName} module."""

import logging
from datetime import UTC, datetime, timedelta

from .schemas import ConfigValue, ${ModuleName}Data, ${ModuleName}Input

logger = logging.getLogger(__name__)


async def calculate_${calculation}(
    source: ${ModuleName}Input,
    config: dict[str, ConfigValue],
) -> ${ModuleName}Data:
    """Calculate how far a moment is into its cycle.

    Args:
        source: The user and the moment to calculate for.
        config: The module's configuration from the database.

    Returns:
        The result, in native Python types only.

    Raises:
        ValueError: If ${configKey} in the configuration is not above zero.
    """
    ${configKey} = float(config.get("${configKey}", ${configDefault}))
    turning_point = float(config.get("turning_point", 0.5))
    if ${configKey} <= 0:
        raise ValueError(f"${configKey} must be above zero, not {${configKey}}")

    cycle = timedelta(days=${configKey})
    position = source.moment.timestamp() / cycle.total_seconds() % 1
    logger.debug("Position %s for user %s", position, source.user_id)

    return ${ModuleName}Data(
        ${field}=float(position),
        is_second_half=bool(position >= turning_point),
        calculated_at=datetime.now(UTC),
    )
`,
});
