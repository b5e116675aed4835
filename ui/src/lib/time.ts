/** Times in the site's own zone, whatever zone this browser is in. Times are epoch seconds unless they are ISO strings. */

const formats = new Map<string, Intl.DateTimeFormat>()

function format(zone: string): Intl.DateTimeFormat {
  const cached = formats.get(zone)
  if (cached) return cached
  const made = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit',
    hour: '2-digit', minute: '2-digit', second: '2-digit',
  })
  formats.set(zone, made)
  return made
}

export type Local = { date: string; clock: string; hour: number; minute: number; second: number }

export function local(t: number, zone: string): Local {
  const parts: Record<string, string> = {}
  for (const { type, value } of format(zone).formatToParts(new Date(t * 1000))) parts[type] = value
  return {
    date: `${parts.year}-${parts.month}-${parts.day}`,
    clock: `${parts.hour}:${parts.minute}:${parts.second}`,
    hour: Number(parts.hour), minute: Number(parts.minute), second: Number(parts.second),
  }
}

export const hhmm = (t: number, zone: string): string => local(t, zone).clock.slice(0, 5)
export const epoch = (iso: string): number => Date.parse(iso) / 1000
export const iso = (t: number): string => new Date(t * 1000).toISOString().replace('.000Z', 'Z')

/** The instant a wall clock in the zone showed this; a time skipped by daylight saving lands just after the gap. */
export function fromLocal(date: string, clock: string, zone: string): number {
  const naive = Date.parse(`${date}T${clock}Z`) / 1000
  const offsetAt = (t: number) => {
    const here = local(t, zone)
    return Date.parse(`${here.date}T${here.clock}Z`) / 1000 - t
  }
  const first = naive - offsetAt(naive)
  return naive - offsetAt(first)
}

/** Midnight to midnight of the site's day that holds t: 23, 24 or 25 hours. */
export function localDay(t: number, zone: string): { date: string; start: number; end: number } {
  const { date } = local(t, zone)
  const start = fromLocal(date, '00:00:00', zone)
  const next = local(start + 30 * 3600, zone).date
  return { date, start, end: fromLocal(next, '00:00:00', zone) }
}

/** UTC+8, UTC−3:30: the zone's offset at t. */
export function offsetName(t: number, zone: string): string {
  const here = local(t, zone)
  const minutes = Math.round((Date.parse(`${here.date}T${here.clock}Z`) / 1000 - Math.floor(t)) / 60)
  const size = Math.abs(minutes)
  return `UTC${minutes < 0 ? '−' : '+'}${Math.floor(size / 60)}${size % 60 ? `:${String(size % 60).padStart(2, '0')}` : ''}`
}

/** Instants for axis labels: whole steps of local time between two instants. */
export function ticks(start: number, end: number, zone: string, count: number): number[] {
  const STEPS = [10, 30, 60, 300, 600, 1800, 3600, 2 * 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86400, 2 * 86400, 7 * 86400, 30 * 86400]
  const step = STEPS.find((s) => (end - start) / s <= count) ?? STEPS[STEPS.length - 1]!
  const origin = localDay(start, zone).start
  const found: number[] = []
  for (let at = origin + Math.ceil((start - origin) / step) * step; at <= end + 0.5; at += step) found.push(at)
  return found
}
