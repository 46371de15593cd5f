/** The engine's one door: text in, findings out. It knows neither editor nor disk. */
export type { Severity } from '../../../shared-rules/src/index.ts';
export { defineRule, py } from './define.ts';
export { Document, type RuleSet, type SegmentFindings } from './document.ts';
export { type FileFacts, ownModule, type SourceFile, unitOf } from './file.ts';
export { choosePass, type FixChoice, type FixOutcome, fixAll, fixPasses } from './fix-all.ts';
export { type Origin, reachingBindings, type Step, type TraceOptions, trace } from './flow/trace.ts';
export * from './idioms/annotations.ts';
export {
  admitsNone,
  aliasedType,
  anyNames,
  isClass,
  isMethod,
  isModelByPlace,
  literalType,
  meansBuiltin,
  namesInType,
  qualifiedType,
  readType,
  type TypeExpression,
  valueType,
} from './idioms/annotations.ts';
export * from './idioms/asyncio.ts';
export {
  asyncFunctionAt,
  awaitEdits,
  isAsync,
  isAwaited,
  isGenerator,
  mayAwaitAt,
  spellAsyncio,
} from './idioms/asyncio.ts';
export * from './idioms/becoming-aware.ts';
export { consequencesOfAwareness, mayBecomeAware } from './idioms/becoming-aware.ts';
export * from './idioms/clock-fixes.ts';
export {
  callableKeyword,
  calledClock,
  clockFixes,
  clockMessage,
  columnReason,
  defaultColumn,
  escapesNaive,
  naiveReason,
  timingOf,
} from './idioms/clock-fixes.ts';
export * from './idioms/code-in-comments.ts';
export * from './idioms/column-indexes.ts';
export * from './idioms/complexity.ts';
export * from './idioms/configuration.ts';
export * from './idioms/database-calls.ts';
export * from './idioms/database-queries.ts';
export * from './idioms/datetimes.ts';
export { isUtc, mergeInsertions, receiverOf, spellDatetime, spellNow, spellUtc } from './idioms/datetimes.ts';
export * from './idioms/docstrings.ts';
export * from './idioms/external-calls.ts';
export * from './idioms/handlers.ts';
export * from './idioms/imported-names.ts';
export {
  joinInsertions,
  spellAll,
  spellInstead,
  unusedImport,
  wholeLine,
  withoutUnusedImport,
} from './idioms/imported-names.ts';
export * from './idioms/instances.ts';
export { annotatedClass, isPath, madeBy, makerOf } from './idioms/instances.ts';
export * from './idioms/io-calls.ts';
export { asyncHttpClients, httpClients, httpMethods, type IoCall, ioCall } from './idioms/io-calls.ts';
export * from './idioms/item-edits.ts';
export { appended, startsLine, without, withoutAll } from './idioms/item-edits.ts';
export * from './idioms/jwt-claims.ts';
export * from './idioms/layers.ts';
export * from './idioms/logging.ts';
export * from './idioms/maintainability.ts';
export * from './idioms/markers.ts';
export * from './idioms/members.ts';
export { isMadeByOneOf, type MadeMember, madeMember, makersOfMembers } from './idioms/members.ts';
export * from './idioms/migrations.ts';
export * from './idioms/models.ts';
export * from './idioms/module-layout.ts';
export * from './idioms/own-functions.ts';
export * from './idioms/path-globs.ts';
export * from './idioms/paths.ts';
export * from './idioms/plurals.ts';
export * from './idioms/print-to-log.ts';
export * from './idioms/route-answers.ts';
export * from './idioms/routes.ts';
export * from './idioms/schemas.ts';
export * from './idioms/secrets.ts';
export * from './idioms/sensitive.ts';
export * from './idioms/serialised.ts';
export * from './idioms/sessions.ts';
export * from './idioms/status-codes.ts';
export * from './idioms/tests.ts';
export * from './idioms/timestamp-columns.ts';
export * from './idioms/web-errors.ts';
export { isLabel, rootOf } from './names/dotted.ts';
export { isMainGuard } from './names/entry-points.ts';
export { lastParts } from './names/last-parts.ts';
export type { Binding, BindingKind } from './names/scopes.ts';
export { extension, insertion, ownName, type Spelling, spell, spellModule } from './names/spell.ts';
export { crashedRule, ownRules, unknownSuppression, unusedSuppression } from './own-rules.ts';
export type { Reported } from './reported.ts';
export type {
  ConfiguredRule,
  EnabledRule,
  Example,
  Fact,
  Finding,
  Findings,
  Fix,
  OptionProblem,
  Rule,
  RuleDefinition,
} from './rule.ts';
export { readSuppression } from './suppress.ts';
export { argumentsIn, argumentsOf, type CallArguments, stringValue } from './syntax/calls.ts';
export { cutAll, type Segment } from './syntax/cut.ts';
export type { Kind } from './syntax/grammar.generated.ts';
export { nativeParser } from './syntax/native.ts';
export type { Node, TypedNode } from './syntax/node.ts';
export type { ParserPort } from './syntax/port.ts';
export { wasmParser } from './syntax/wasm.ts';
export { applyEdits, collide, type Edit, LineIndex, type Position, type Span } from './text.ts';
export type { Unit } from './unit.ts';
