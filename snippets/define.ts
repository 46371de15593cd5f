import type { Snippet, SnippetPlaceholder } from '../shared-rules/src/snippet.ts';
import { escapeChoice, escapeSnippetText } from './expand.ts';

type Source = Omit<Snippet, 'body' | 'placeholders' | 'language' | 'file'> & {
  file: string | Template;
  body: Template;
};

/** A snippet for a whole Python file. */
export function pythonSnippet(source: Source): Snippet {
  return { ...source, language: 'python', file: renderFile(source.file), ...renderBody(source.body) };
}

/** A snippet for a whole JSON file. */
export function jsonSnippet(source: Source): Snippet {
  return { ...source, language: 'json', file: renderFile(source.file), ...renderBody(source.body) };
}

/** The text of a file as it will look, with what is asked for in its place; see `template`. */
export interface Template {
  texts: readonly string[];
  parts: readonly Part[];
}

export interface Ask {
  index: number;
  name: string;
  default: string | Ask;
  choices?: readonly string[];
}

interface Derived {
  of: Ask;
  transform: string;
}

type Part = Ask | Derived;

/** Asks for a text; another question as its default means: the same answer, until something else is typed. */
export function ask(index: number, name: string, value: string | Ask): Ask {
  return { index, name, default: value };
}

/** Asks for one of a few texts, the first being the default. */
export function choose(index: number, name: string, first: string, ...others: string[]): Ask {
  return { index, name, default: first, choices: [first, ...others] };
}

/** `moon_phase` → `MoonPhase`: the answer to a question that asks for a snake_case name, as a class name. */
export function pascal(of: Ask): Derived {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this is snippet syntax.
  return { of, transform: '/(.*)/${1:/pascalcase}/' };
}

/** `moon_phase` → `moon phase`: the answer as words of a sentence. */
export function spoken(of: Ask): Derived {
  return { of, transform: '/_/ /g' };
}

/**
 * The text of a file, written as it will look: everything but the interpolated questions stands for itself, and
 * escaping is done here. A question may be interpolated many times; people are asked once.
 */
export function template(texts: TemplateStringsArray, ...parts: Part[]): Template {
  return { texts: texts.raw, parts };
}

function renderFile(file: string | Template): string {
  return typeof file === 'string' ? escapeSnippetText(file) : renderTemplate(file).text;
}

function renderBody(body: Template): Pick<Snippet, 'body' | 'placeholders'> {
  const { text, asked } = renderTemplate(body);
  return {
    body: [...text.trim().split('\n'), '$0'],
    placeholders: asked.sort((a, b) => a.index - b.index).map(describe),
  };
}

function renderTemplate({ texts, parts }: Template): { text: string; asked: Ask[] } {
  const asked = new Map<number, Ask>();
  const pieces = texts.map((text, position) => {
    const part = parts[position];
    return escapeSnippetText(text) + (part ? renderPart(part, asked) : '');
  });
  for (const part of parts) {
    if ('of' in part && !asked.has(part.of.index)) throw new Error(`${part.of.name} is used but never asked for`);
  }
  return { text: pieces.join(''), asked: [...asked.values()] };
}

function renderPart(part: Part, asked: Map<number, Ask>): string {
  if ('of' in part) return `\${${part.of.index}${part.transform}}`;
  if (asked.has(part.index)) return `\${${part.index}}`;
  asked.set(part.index, part);
  if (part.choices) return `\${${part.index}|${part.choices.map(escapeChoice).join(',')}|}`;
  const value = typeof part.default === 'string' ? escapeSnippetText(part.default) : renderPart(part.default, asked);
  return `\${${part.index}:${value}}`;
}

function describe({ index, name, default: value, choices }: Ask): SnippetPlaceholder {
  return {
    index,
    name,
    ...(typeof value === 'string' ? { default: value } : { follows: value.name }),
    ...(choices && { choices: [...choices] }),
  };
}
