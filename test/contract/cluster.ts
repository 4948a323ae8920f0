import { describe } from 'node:test'
import { applying } from './cluster/applying.ts'
import { deleting } from './cluster/deleting.ts'
import { filling } from './cluster/filling.ts'
import { finding } from './cluster/finding.ts'
import { listing } from './cluster/listing.ts'
import { managing } from './cluster/managing.ts'
import { mirroring } from './cluster/mirroring.ts'
import { reviewing } from './cluster/reviewing.ts'
import { scaling } from './cluster/scaling.ts'
import { issuing } from './cluster/issuing.ts'
import type { Open } from './cluster/stage.ts'
import { watching } from './cluster/watching.ts'
import { writing } from './cluster/writing.ts'

export type { Open, Stage } from './cluster/stage.ts'

/**
 * What every implementation of the port src/cluster.ts must do. What a cluster lacks by nature, `open` says.
 */
export function clusterContract(name: string, open: Open): void {
  void describe(`${name} keeps the contract of a cluster`, () => {
    finding(open)
    writing(open)
    applying(open)
    filling(open)
    deleting(open)
    listing(open)
    watching(open)
    mirroring(open)
    scaling(open)
    managing(open)
    reviewing(open)
    issuing(open)
  })
}
