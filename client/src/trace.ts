import { type Disposable, EventEmitter, LogLevel, type LogOutputChannel, workspace } from 'vscode';

const setting = 'groundrules.trace.server';

/**
 * The trace channel as the language client wants it: it writes when the channel's log level is Trace, and also when
 * `groundrules.trace.server` says so, which one can set for a workspace and send to somebody who has a problem.
 */
export function traceChannel(channel: LogOutputChannel): LogOutputChannel & Disposable {
  const levels = new EventEmitter<LogLevel>();
  const wanted = () => workspace.getConfiguration().get<string>(setting, 'off') !== 'off';
  const level = () => (wanted() ? LogLevel.Trace : channel.logLevel);
  const subscriptions = [
    levels,
    channel.onDidChangeLogLevel(() => levels.fire(level())),
    workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(setting)) levels.fire(level());
    }),
  ];
  return {
    name: channel.name,
    get logLevel() {
      return level();
    },
    onDidChangeLogLevel: levels.event,
    trace: (message, ...parts) => (wanted() ? channel.info(message, ...parts) : channel.trace(message, ...parts)),
    debug: (message, ...parts) => channel.debug(message, ...parts),
    info: (message, ...parts) => channel.info(message, ...parts),
    warn: (message, ...parts) => channel.warn(message, ...parts),
    error: (message, ...parts) => channel.error(message, ...parts),
    append: (value) => channel.append(value),
    appendLine: (value) => channel.appendLine(value),
    replace: (value) => channel.replace(value),
    clear: () => channel.clear(),
    show: () => channel.show(true),
    hide: () => channel.hide(),
    dispose() {
      for (const subscription of subscriptions) subscription.dispose();
    },
  };
}
