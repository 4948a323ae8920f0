import { failure } from '../../errors.ts'
import type { OpenWorld } from './demo.ts'

export const openWorld: OpenWorld = async () => {
  throw failure('PROGRAM_MISSING', {
    program: 'the controller',
    how: 'it is not part of this build',
  })
}
