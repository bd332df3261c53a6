// Package sample is a small project in two variants, for the demo: the stack
// of a shop, as it is often written, and as the policy pack asks for it.
package sample
