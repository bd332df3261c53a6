// Package foresight says what follows from a resource's type and inputs before it exists: its ARN, its id, and stand-ins for what
// AWS will make up. It is pure.
package foresight

import (
	"cmp"
	"slices"
	"strings"

	"dynamoguard/internal/resource"
)

//go:generate go run ./arnformats

// A Place is where a provider resource of the program works. What is not known, or is a secret, is empty.
type Place struct {
	Partition string // "aws", "aws-cn", "aws-us-gov"; where it is empty, the region tells it
	Account   string // twelve digits
	Region    string // of the provider; a resource may name its own
}

// A Resource is what a provider was asked to create.
type Resource struct {
	URN resource.URN
	// Properties is an object: what the provider answered to a Create in a preview. It holds the checked inputs, an automatic
	// name among them, and is unknown where the provider does not know, as it is not of what only creation tells.
	Properties resource.Value
}

// A Value is one output that is not known yet, and what it will be.
type Value struct {
	Property string // of the outputs; empty for the resource's id
	Text     string
	StandIn  bool // made up here, in the shape of what AWS will make up; else it is determined by what is declared
	Secret   bool // it is made of a secret
}

// Values returns what is foreseen of a resource: of its outputs those that are unknown, and always its id, which no provider
// answers in a preview. Each is there only where all that it is made of is known; without stand-ins, only where it is
// determined. An id is made of no secret, since nothing can hide one. Where in is a stand-in for AWS, the addresses in what is
// foreseen (a queue's URL) may be others.
func Values(r Resource, in Place, standIns bool) []Value {
	var values []Value
	given := map[string]bool{}
	for _, o := range rules()[r.URN.Type()].outputs {
		out := r.Properties.Get(o.property)
		if given[o.property] || o.property != id && out.Kind() != resource.Unknown || !o.when.holds(r.Properties) {
			continue
		}
		f := filling{of: r, in: in}
		text, ok := f.fill(o.text)
		secret := f.secret || out.Secret() && o.property != id
		if !ok || f.madeUp && !standIns || secret && o.property == id {
			continue
		}
		given[o.property] = true
		values = append(values, Value{Property: o.property, Text: text, StandIn: f.madeUp, Secret: secret})
	}
	return values
}

// Names returns the texts that a lookup at AWS would name a resource by: its name, and what is foreseen of it, which holds its id
// and its ARN. No secret is among them.
func Names(r Resource, foreseen []Value) []string {
	var names []string
	name := r.Properties.Get(rules()[r.URN.Type()].name)
	if text, ok := name.Text(); ok && text != "" && !name.Secret() {
		names = append(names, text)
	}
	for _, v := range foreseen {
		if !v.Secret && !slices.Contains(names, v.Text) {
			names = append(names, v.Text)
		}
	}
	return names
}

// In tells whether a text names the resource of a value, whatever it is the text of, by holding it: an ARN, a URL, or what was made
// up. Anything else is a word that may well mean something else.
func (v Value) In(text string) bool {
	if v.StandIn {
		return strings.Contains(text, v.Text)
	}
	if !strings.HasPrefix(v.Text, "arn:") && !strings.Contains(v.Text, "://") {
		return false
	}
	for {
		_, after, found := strings.Cut(text, v.Text)
		if !found {
			return false
		}
		if after == "" || !strings.ContainsRune(inNames, rune(after[0])) {
			return true
		}
		text = after // that was the ARN of a resource with a longer name
	}
}

// inNames are the characters of names in AWS, but for slashes, which parts of a resource follow.
const inNames = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+=,.@-"

// A Type is a type of resources of which something is foreseen.
type Type struct {
	Token   string   // aws:dynamodb/table:Table
	Name    string   // the property that names a resource of this type; empty where none does
	Reads   []string // the properties that what is foreseen is made of, without a region, sorted
	Outputs []Output
}

// An Output is an output that is foreseen. Of several with one property, the first holds that can be made.
type Output struct {
	Property string // "id" for the resource's id
	Text     string // what it will be: properties and what the place tells in braces, what is made up after an asterisk
	When     string // the condition; empty where there is none
	StandIn  bool
}

// Types returns all of them by token.
func Types() []Type {
	var types []Type
	for token, r := range rules() {
		t := Type{Token: token, Name: r.name}
		for _, o := range r.outputs {
			t.Outputs = append(t.Outputs, Output{cmp.Or(o.property, "id"), o.text, o.when.String(), strings.Contains(o.text, "{*")})
			t.Reads = append(t.Reads, o.reads()...)
		}
		slices.Sort(t.Reads)
		t.Reads = slices.Compact(t.Reads)
		types = append(types, t)
	}
	slices.SortFunc(types, func(a, b Type) int { return strings.Compare(a.Token, b.Token) })
	return types
}
