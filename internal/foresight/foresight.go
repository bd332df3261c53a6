// Package foresight says what follows from a resource's type and inputs before it exists: its ARN, its id, and stand-ins for what
// AWS will make up. It is pure.
package foresight

import "dynamoguard/internal/resource"

// A Place is where a provider resource of the program works. What is not known is empty.
type Place struct {
	Partition string // "aws", "aws-cn", "aws-us-gov"
	Account   string // twelve digits
	Region    string // of the provider; a resource may name its own
}

// A Resource is what a provider was asked to create.
type Resource struct {
	URN        resource.URN
	Properties resource.Value // an object: what the provider answered, which holds the checked inputs, unknown where it does not know
}

// A Value is one output that is not known yet, and what it will be.
type Value struct {
	Property string // of the outputs; empty for the resource's id
	Text     string
	StandIn  bool // made up here, in the shape of what AWS will make up; else it is determined by what is declared
	Secret   bool // it is made of a secret
}

// Values returns what is foreseen of a resource, and Names the texts that a lookup at AWS would name it by.
//
// TODO: nothing is foreseen yet.
func Values(r Resource, in Place, standIns bool) []Value { return nil }

// Names returns the texts that a lookup at AWS would name a resource by: its id, name and ARN.
func Names(r Resource, foreseen []Value) []string { return nil }

// Computes tells whether a function of a provider only computes: whether it asks AWS for nothing that this run could create.
func Computes(token string) bool { return false }
