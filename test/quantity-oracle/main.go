// Says what Kubernetes makes of quantities: k8s.io/apimachinery/pkg/api/resource, used the way KEDA and the HPA use it.
// Reads `{"texts": [...], "numbers": [...]}` as JSON and writes an answer for each, in their order.
package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"os"

	"k8s.io/apimachinery/pkg/api/resource"
)

type question struct {
	Texts []string `json:"texts"`
	// Numbers as text, so that NaN and infinities can be asked for.
	Numbers []string `json:"numbers"`
}

// read is what a text is; all empty where it is no quantity.
type read struct {
	// In billionths, of whatever size.
	Nano string `json:"nano,omitempty"`
	// In thousandths as the HPA computes with them; empty where 64 bits do not hold them.
	Milli string `json:"milli,omitempty"`
}

type answer struct {
	Texts []read `json:"texts"`
	// How a metric's value is written.
	Numbers []string `json:"numbers"`
}

func main() {
	var asked question
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	said := answer{Texts: []read{}, Numbers: []string{}}
	for _, text := range asked.Texts {
		said.Texts = append(said.Texts, readText(text))
	}
	for _, text := range asked.Numbers {
		said.Numbers = append(said.Numbers, written(text))
	}
	if err := json.NewEncoder(os.Stdout).Encode(said); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func readText(text string) read {
	q, err := resource.ParseQuantity(text)
	if err != nil {
		return read{}
	}
	nano, ok := new(big.Rat).SetString(q.AsDec().String())
	if !ok {
		return read{}
	}
	nano.Mul(nano, big.NewRat(1_000_000_000, 1))
	said := read{Nano: nano.RatString()}
	// ParseQuantity once more: AsDec changes how the first one is kept
	again := resource.MustParse(text)
	if thousandths := again.MilliValue(); new(big.Rat).Abs(nano).Cmp(big.NewRat(math.MaxInt64/1_000, 1)) < 0 {
		said.Milli = fmt.Sprint(thousandths)
	}
	return said
}

// written is KEDA's pkg/scalers/scaler.go in few words: three decimals, read as a quantity, sent as JSON.
func written(text string) string {
	var value float64
	if _, err := fmt.Sscan(text, &value); err != nil || math.IsNaN(value) || math.IsInf(value, 0) || value < 0 {
		return "0"
	}
	q := resource.MustParse(fmt.Sprintf("%.3f", value))
	sent, err := json.Marshal(q)
	if err != nil {
		return err.Error()
	}
	return string(sent[1 : len(sent)-1])
}
