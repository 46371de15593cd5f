export * from './card.ts';
export * from './messages.ts';
export * from './settings.ts';
export * from './snippet.ts';
