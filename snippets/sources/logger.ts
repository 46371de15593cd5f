import { ask, pythonSnippet, template } from '../define.ts';

const purpose = ask(1, 'purpose', 'What this file is for');

export const logger = pythonSnippet({
  id: 'S-logging',
  name: 'Logger of a file',
  prefix: 'gr-logger',
  description: 'The head of a new file: its docstring and its logger.',
  file: '*.py',
  requirements: ['000-050', '002-063', '004-127'],
  body: template`
"""${purpose}."""

import logging

logger = logging.getLogger(__name__)
`,
});
