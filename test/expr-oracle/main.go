// Says what KEDA makes of scalingModifiers formulas: expr-lang in the version that KEDA pins, used the way KEDA uses it.
// Reads a JSON array of cases and writes one of answers.
package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"

	"github.com/expr-lang/expr"
)

type question struct {
	Formula string `json:"formula"`
	// null is a trigger without a value.
	Values map[string]*float64 `json:"values"`
}

type answer struct {
	// refused, failed, nil or value; type where the value is no number.
	Kind  string   `json:"kind"`
	Value *float64 `json:"value,omitempty"`
	// What JSON has no number for: Inf, NaN, or why.
	Text string `json:"text,omitempty"`
}

func main() {
	var questions []question
	if err := json.NewDecoder(os.Stdin).Decode(&questions); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	answers := make([]answer, len(questions))
	for i, q := range questions {
		answers[i] = ask(q)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// ask compiles against triggers that are all -1 and tries that once; then it runs with the values.
func ask(q question) (a answer) {
	defer func() {
		if r := recover(); r != nil {
			a = answer{Kind: "refused", Text: fmt.Sprint("panic: ", r)}
		}
	}()
	trial := map[string]float64{}
	values := map[string]any{}
	for name, value := range q.Values {
		trial[name] = -1
		values[name] = nil
		if value != nil {
			values[name] = *value
		}
	}
	program, err := expr.Compile(wrapped(q.Formula), expr.Env(trial))
	if err != nil {
		return answer{Kind: "refused", Text: err.Error()}
	}
	if _, err = expr.Run(program, trial); err != nil {
		return answer{Kind: "refused", Text: err.Error()}
	}
	out, err := expr.Run(program, values)
	if err != nil {
		return answer{Kind: "failed", Text: err.Error()}
	}
	return answerOf(out)
}

func answerOf(out any) answer {
	switch v := out.(type) {
	case nil:
		return answer{Kind: "nil"}
	case int:
		f := float64(v)
		return answer{Kind: "value", Value: &f}
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return answer{Kind: "value", Text: fmt.Sprint(v)}
		}
		return answer{Kind: "value", Value: &v}
	}
	return answer{Kind: "type", Text: fmt.Sprintf("%T", out)}
}

func wrapped(formula string) string {
	const name = "_kedaCompositeResult"
	switch {
	case strings.Contains(formula, "??") && strings.HasPrefix(formula, "let "+name+" = "):
		return formula
	case strings.Contains(formula, "??"):
		return "let " + name + " = (" + formula + "); " + name + " == nil ? nil : float(" + name + ")"
	case strings.HasPrefix(formula, "float("):
		return formula
	}
	return "float(" + formula + ")"
}
