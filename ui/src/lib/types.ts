/** Shapes of the site's HTTP API. Power is positive when it flows out of the thing into the bus; null is "not known". */

export type Words = { zh: string; en: string }
export type Kind = 'grid' | 'battery' | 'solar' | 'wind' | 'load'
export type Mark = 'SIMULATED' | 'SHADOW' | 'LIVE'
export type Quality = 'GOOD' | 'STALE' | 'BAD'
export type Role = 'viewer' | 'operator' | 'engineer' | 'administrator'

/** Whether the site commands its plant, since when, and by whose word. */
export type Mode = { mark: Mark; since: string; by: string }
/** A thing that a person has locked out: a battery, a solar or wind plant, or `batteries`. */
export type Lock = { target: string; by: string; reason: string; since: string }

/** Who this browser is to the site; a null role may not even read. */
export type Me = {
  name: string | null
  role: Role | null
  via: 'session' | 'token' | 'open' | null
  /** Whether anybody can log in by name. */
  users: boolean
}

export type Thing = {
  name: string
  kind: Kind
  label: Words
  power_w?: number | null
  energy_wh?: number
  layout?: { rack: number; module: number; cell: number }
  soc_min?: number
  soc_max?: number
  cell?: { name: string; voltage_min_v: number; voltage_max_v: number }
}

export type PointInfo = { name: string; unit: string; label: Words; doc: string }

export type Site = {
  id: string
  name: Words
  timezone: string
  utc_offset_s: number
  currency: string
  environment: 'demo' | 'live' | 'shadow'
  mark: Mark
  mode?: Mode
  speed: number
  version: string
  read_open: boolean
  period_s: number
  grid: { import_limit_w: number; export_limit_w: number } | null
  things: Thing[]
  devices: { name: string; map: string; at: string; roles: string[] }[]
  controllers: { name: string; label: Words; protective: boolean; summary: Words }[]
  points: PointInfo[]
  tariff: { id: string; name: Words; document: string; estimate: boolean } | null
}

export type Step = {
  controller: string
  label: Words
  target: string
  text: Words
  min_w: number | null
  max_w: number | null
  request_w: number | null
  taken_w?: number | null
  missed_w: number
  taken: boolean
}

export type Decision = {
  number: number
  time?: string | null
  sentence: Words
  /** Null when nobody asks for power. */
  commander: { controller: string; label: Words } | null
  binds: { controller: string; label: Words; text: Words }[]
  setpoints: Record<string, { power_w: number | null; reactive_power_var?: number | null }>
  steps: Step[]
}

export type Command = {
  id: number
  target: string
  power_w: number
  by: string
  since: string
  expires: string
  remaining_s: number
  readback?: Readback | null
}

/** A decision with its trail as sentences: what the batteries do first, then one line for each step. */
export type Why = Decision & { time: string; headline: Words; lines: Words[]; shadow: boolean }

/** What the device itself says is in force, what is measured, and whether the one follows the other; null is not known. */
export type Readback = { setpoint_w: number | null; power_w: number | null; followed: boolean | null }

export type Alarm = {
  id: number
  key: string
  priority: 1 | 2 | 3
  state: 'unack' | 'ack' | 'rtn_unack' | 'normal'
  source: string
  title: Words
  text: Words
  advice: Words
  since: string
  cleared: string | null
  acknowledged: string | null
  acknowledged_by: string | null
}

export type Today = {
  import_wh: number | null
  export_wh: number | null
  solar_wh: number | null
  wind_wh: number | null
  load_wh: number | null
  charged_wh: number | null
  discharged_wh: number | null
  money: number | null
  money_estimate: boolean
  efficiency: number | null
  cycles: number | null
  plan_money: number | null
  /** Share of the day so far with good values; the sums leave the rest out. */
  coverage?: number
  /** The highest quarter-hour mean drawn from the grid this month, W. */
  demand_month_w?: number | null
  /** What the decisions would have earned today; only in shadow. */
  shadow_money?: number | null
}

export type NextSlot = {
  start: string
  end: string
  target?: string
  mode: PlanMode
  power_w: number | null
  soc_end: number | null
  title: Words
  reason: Words
}

export type PlanMode = 'battery' | 'grid' | 'self' | 'hold'
export type Points = Record<string, number | null>
/** Writes sent to a device since the start, and those of today to registers that wear out, with what a day allows; null: none wears out. */
export type Writes = { total: number; persistent_today: number; budget: number | null }
export type DeviceState = { state: 'online' | 'stale' | 'offline'; age_s: number | null; error: Words | null; writes?: Writes | null }

export type Live = {
  seq: number
  time: string
  t: number
  points: Points
  bad: Record<string, Quality>
  ages_s: Record<string, number | null>
  devices: Record<string, DeviceState>
  mode?: Mode
  locks?: Lock[]
  decision: Decision
  commands: Command[]
  alarms: Alarm[]
  today: Today
  next: NextSlot[]
}

export type Delta = Pick<Live, 'seq' | 'time' | 't'> & Partial<Live>

export type Series = { t: number[]; min: (number | null)[]; mean: (number | null)[]; max: (number | null)[] }
export type History = { step_s: number; series: Record<string, Series> }

export type PlanSlot = {
  start: string
  end: string
  /** A battery, or `batteries` for all together. */
  target?: string
  title?: Words
  mode: PlanMode
  power_w: number | null
  soc_end: number | null
  reason: Words
  price_per_kwh: number | null
}
export type Plan = { slots: PlanSlot[]; made: string | null; source: string | null; version: number }

export type Band = {
  start: string
  end: string
  band: 'valley' | 'flat' | 'peak' | 'critical'
  label: Words
  import_per_kwh: number
  export_per_kwh: number
}
export type Tariff = { bands: Band[]; currency: string; estimate: boolean; document: string }

export type CellFrame = {
  time: string
  t: number
  quality: Quality
  shape: [number, number, number]
  voltage_mv: (number | null)[]
  temperature_ddegc: (number | null)[]
  /** Null in frames from the record. */
  rack: { soc: (number | null)[]; current_a: (number | null)[]; voltage_v: (number | null)[] } | null
}

/** A rack's hottest or coldest cell, counted from 1. */
export type Warmth = { module: number; cell: number; temperature_degc: number }
export type Rack = {
  rack: number
  soc: number | null
  our_soc: number | null
  our_soc_std: number | null
  current_a: number | null
  voltage_v: number | null
  mean_v: number | null
  spread_v: number | null
  hottest: Warmth | null
  coldest: Warmth | null
}
/** What the device allows (DC), what the decision leaves (AC), and whose bound is the least. */
export type Limit = { device_w: number | null; power_w: number | null; binds: { controller: string; label: Words; text: Words } | null }
export type WorstCell = {
  rack: number
  module: number
  cell: number
  /** From the median of its rack, averaged over ten minutes. */
  deviation_v: number
  voltage_v: number | null
  temperature_degc: number | null
  since: string
  lasting_s: number
}
export type Battery = {
  name: string
  time: string
  state: { value: number; label: Words } | null
  fault_bits: number | null
  faults: { bit: number; label: Words }[]
  charge: Limit
  discharge: Limit
  quality: Quality
  cells_age_s: number | null
  racks: Rack[]
  worst: WorstCell[]
  watched_since: string | null
}

export type ManualOrder = { target: string; power_w: number; duration_s: number; by: string }
export type Preview = { power_w: number | null; text: Words }

/** What a day in shadow would have earned; an estimate. */
export type ShadowDay = { day: string; money: number | null; charged_wh: number; discharged_wh: number }

export type UserInfo = { name: string; role: Role; enabled: boolean }
export type TokenInfo = { id: number; label: string; role: Role; expires: string | null }

/** What a person did, with what was before and after it. */
export type Action = {
  id: number
  time: string
  by: string
  what: string
  target: string
  before: unknown
  after: unknown
  why: string
  text: Words
}

export type FaultKind = {
  kind: string
  label: Words
  targets: string[]
  params: { name: string; unit: string; label?: Words; default: number | null }[]
}
export type Fault = { id: number; kind: string; target: string; params: Record<string, number>; since: string }
