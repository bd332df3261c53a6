package plugin

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/structpb"

	"dynamoguard/internal/resource"
)

// Set returns properties with a value at a path, as resource.Value.Set does, of which it is the counterpart for what protobuf makes of
// JSON. All else stays as the engine wrote it, also what a resource.Value has no word for: what an asset holds, the type of an
// unknown value, what an output depends on. to must be known, and no secret. s is left as it is.
func Set(s *structpb.Struct, at resource.Path, to resource.Value) (*structpb.Struct, error) {
	steps, err := at.Steps()
	if err != nil {
		return s, err
	}
	if !utf8.ValidString(string(at)) {
		return s, fmt.Errorf("%q is no text", at)
	}
	var encoded *structpb.Value // nil removes
	if to.Kind() != resource.Absent {
		if to.HasUnknown() || to.HasSecret() {
			return s, errors.New("a value that is not known, or a secret, cannot be set")
		}
		if encoded, err = structpb.NewValue(to.Plain()); err != nil {
			return s, fmt.Errorf("what is to be set at %s: %w", at, err)
		}
	}
	after, ok := set(structpb.NewStructValue(s), steps, encoded)
	if !ok || len(steps) == 0 {
		return s, fmt.Errorf("nothing can be set at %s", at)
	}
	return after.GetStructValue(), nil
}

// set is Set of a value, nil where there is none.
func set(v *structpb.Value, steps []resource.Step, to *structpb.Value) (after *structpb.Value, ok bool) {
	members := v.GetStructValue().GetFields()
	if held, marked := marked(members); marked && (len(steps) > 0 || to != nil) {
		if members = maps.Clone(members); held == nil && len(steps) > 0 {
			return v, false // it is not known
		}
		members["value"], ok = set(held, steps, to)
		return structpb.NewStructValue(&structpb.Struct{Fields: members}), ok
	}
	if len(steps) == 0 {
		return to, true
	}
	_, null := v.GetKind().(*structpb.Value_NullValue)
	unset := v.GetKind() == nil || null
	step := steps[0]
	if step.Element {
		list := slices.Clone(v.GetListValue().GetValues())
		if v.GetListValue() == nil && !unset || step.Index > len(list) || to == nil && (step.Index == len(list) || len(steps) == 1) {
			return v, false
		}
		if step.Index == len(list) {
			list = append(list, nil)
		}
		list[step.Index], ok = set(list[step.Index], steps[1:], to)
		return structpb.NewListValue(&structpb.ListValue{Values: list}), ok
	}
	_, isObject := v.GetKind().(*structpb.Value_StructValue)
	if !isObject && !unset || step.Key == resource.SignatureKey || members[resource.SignatureKey] != nil {
		return v, false
	}
	if to == nil && unset {
		return v, true
	}
	if members = maps.Clone(members); members == nil {
		members = map[string]*structpb.Value{}
	}
	member, ok := set(members[step.Key], steps[1:], to)
	if members[step.Key] = member; member == nil {
		delete(members, step.Key)
	}
	return structpb.NewStructValue(&structpb.Struct{Fields: members}), ok
}

// marked returns what an object holds that marks a value as secret or as an output, and whether it is one.
func marked(members map[string]*structpb.Value) (held *structpb.Value, ok bool) {
	switch members[resource.SignatureKey].GetStringValue() {
	case resource.SecretSignature:
		held, ok = members["value"]
		return held, ok
	case resource.OutputSignature:
		return members["value"], true
	default:
		return nil, false
	}
}
