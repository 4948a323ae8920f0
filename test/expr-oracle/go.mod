// What the formulas of scalingModifiers are compared with; in the version that KEDA pins.
module ebb.dev/test/expr-oracle

go 1.25.0

require github.com/expr-lang/expr v1.17.8
