// Package sample is a small project in three variants, for the demo: the stack
// of a shop, as it is often written, as the policy pack asks for it, and with a
// violation that no preview of Pulumi's sees.
package sample
