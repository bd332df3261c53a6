package sdk_test

import (
	"slices"
	"strings"
	"testing"

	"dynamoguard/e2e/sdk"
	"dynamoguard/internal/foresight"
)

// TestForesight finds every type of which something is foreseen in the SDKs, with the inputs that it is made of and the outputs that
// it is. One that is misspelt would never be met, and nothing of it foreseen. Of aws-native, the list knows the inputs of some
// modules.
func TestForesight(t *testing.T) {
	modules := map[string]bool{}
	for typ := range sdk.Native() {
		modules[strings.Split(typ, ":")[1]] = true
	}
	for _, typ := range foresight.Types() {
		made := typ.Reads
		if typ.Name != "" {
			made = append(made, typ.Name)
		}
		if strings.HasPrefix(typ.Token, "aws-native:") {
			for _, name := range made {
				if modules[strings.Split(typ.Token, ":")[1]] && !slices.Contains(sdk.Native()[typ.Token], name) {
					t.Errorf("%s of %s is read, which aws-native does not have", name, typ.Token)
				}
			}
			continue
		}
		given := slices.Concat(inputs(t, v6, typ.Token), inputs(t, v7, typ.Token))
		for _, name := range made {
			if !slices.Contains(given, name) {
				t.Errorf("%s of %s is read, which no version has", name, typ.Token)
			}
		}
		answered := append(slices.Concat(outputs(t, v6, typ.Token), outputs(t, v7, typ.Token)), "id")
		for _, o := range typ.Outputs {
			if !slices.Contains(answered, o.Property) {
				t.Errorf("%s of %s is foreseen, which no version has", o.Property, typ.Token)
			}
		}
	}
}
