import { pino, type Logger } from 'pino'

/**
 * The one structured logger, made at the start and passed down. One line per change, as data; steady state is silent at
 * `info`. What is logged comes from the catalogue and from object names, never from metadata or authentication.
 */
export type Log = Logger

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

export const createLog = (level: LogLevel): Log =>
  pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  })

export const silentLog: Log = pino({ level: 'silent' })
