import { z } from 'zod';
import { defineRule, type Finding, isTestFile, type Node, py } from '../../engine/index.ts';

const known = [
  'aiohttp.web',
  'apiflask',
  'blacksheep',
  'bottle',
  'chalice',
  'cherrypy',
  'django',
  'eve',
  'falcon',
  'flask',
  'flask_restful',
  'flask_restx',
  'flask_smorest',
  'hug',
  'litestar',
  'masonite',
  'ninja',
  'pyramid',
  'quart',
  'rest_framework',
  'robyn',
  'sanic',
  'starlite',
  'tornado.web',
];

export default defineRule({
  code: 'GR620',
  name: 'other-web-framework',
  family: 'api',
  severity: 'warning',
  standards: ['backend'],
  summary: 'A web framework other than FastAPI is imported',
  advice: 'Build the endpoints with FastAPI',
  why: 'Two web frameworks mean two ways to route, validate, authenticate and test; what one does for every request the other silently leaves out, and OpenAPI shows half of the service.',
  fix: 'none',
  requirements: ['004-008'],
  peers: ['TID251'],
  options: z.strictObject({
    frameworks: z
      .array(z.string())
      .default(known)
      .meta({ description: 'Modules that are not to be imported, with all below them.' }),
  }),
  mentions: (options) => options.frameworks.map((framework) => framework.split('.').at(-1) ?? framework),
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        from flask import Flask, jsonify
        #    ^^^^^ GR620 none: \`flask\` is another web framework; build the endpoints with FastAPI.
        import os, django.conf as conf
        #          ^^^^^^^^^^^ GR620 none: \`django.conf\` is another web framework; build the endpoints with FastAPI.
        from aiohttp import ClientSession, web
        #                                  ^^^ GR620 none: \`aiohttp.web\` is another web framework; build the endpoints with FastAPI.
        from tornado.web import RequestHandler
        #    ^^^^^^^^^^^ GR620 none
      `,
    },
    {
      ok: py`
        import aiohttp
        from aiohttp import ClientSession
        from fastapi import FastAPI
        from starlette.middleware import Middleware
        from .flask import exporter
        from flaskish import thing
        from tornado.ioloop import IOLoop
      `,
    },
    {
      ok: py`
        try:
            import flask
        except ImportError:
            flask = None
      `,
    },
    {
      ok: py`
        from flask import Flask
      `,
      options: { frameworks: ['django'] },
    },
  ],
  on: {
    import_statement(statement, _file, options) {
      return found(statement, () =>
        statement.fields('name').flatMap((item) => {
          const module = item.is('aliased_import') ? item.field('name') : item;
          return isOther(module.text, options.frameworks) ? [finding(module, module.text)] : [];
        }),
      );
    },
    import_from_statement(statement, _file, options) {
      const module = statement.field('module_name');
      if (!module.is('dotted_name')) return undefined;
      return found(statement, () => {
        if (isOther(module.text, options.frameworks)) return [finding(module, module.text)];
        return statement.fields('name').flatMap((item) => {
          const member = item.is('aliased_import') ? item.field('name') : item;
          const name = `${module.text}.${member.text}`;
          return options.frameworks.includes(name) ? [finding(member, name)] : [];
        });
      });
    },
  },
});

/** An import that may fail serves whoever has the framework: an integration, not a choice. */
function found(statement: Node, look: () => Finding[]): Finding[] {
  const findings = look();
  if (findings.length === 0) return [];
  return statement.above('try_statement') ? [] : findings;
}

function isOther(module: string, frameworks: readonly string[]): boolean {
  return frameworks.some((framework) => module === framework || module.startsWith(`${framework}.`));
}

function finding(at: Node, module: string): Finding {
  return { at, message: `\`${module}\` is another web framework; build the endpoints with FastAPI.` };
}
