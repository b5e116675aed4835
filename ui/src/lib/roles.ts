/** Roles from the one that only looks to the one that names the others. Pure. */
import type { Role } from './types'

export const ROLES: readonly Role[] = ['viewer', 'operator', 'engineer', 'administrator']

/** Whether a role may do what needs another. */
export const reaches = (has: Role | null, need: Role): boolean => has != null && ROLES.indexOf(has) >= ROLES.indexOf(need)
