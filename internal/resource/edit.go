package resource

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A Step leads from a value to one within it: to the member Key of an object, or, where Element is set, to the element Index of
// a list.
type Step struct {
	Key     string
	Index   int
	Element bool
}

// Steps takes a path apart. The error says where it is none.
func (p Path) Steps() ([]Step, error) {
	var steps []Step
	for rest := string(p); rest != ""; {
		step, after, ok := cutStep(rest, steps == nil)
		if !ok {
			return nil, fmt.Errorf("%s is no path: it cannot go on by %s", Quote(string(p)), Quote(rest))
		}
		steps, rest = append(steps, step), after
	}
	return steps, nil
}

// cutStep takes the first step off a path, or off the rest of one.
func cutStep(path string, first bool) (step Step, rest string, ok bool) {
	if bracketed, found := strings.CutPrefix(path, "["); found {
		if quoted, err := strconv.QuotedPrefix(bracketed); err == nil && quoted[0] == '"' {
			rest, closed := strings.CutPrefix(bracketed[len(quoted):], "]")
			key, err := strconv.Unquote(quoted)
			return Step{Key: key}, rest, closed && err == nil
		}
		index, rest, closed := strings.Cut(bracketed, "]")
		i, err := strconv.Atoi(index)
		return Step{Index: i, Element: true}, rest, closed && err == nil && i >= 0 && index == strconv.Itoa(i)
	}
	if !first {
		if path, ok = strings.CutPrefix(path, "."); !ok {
			return step, "", false
		}
	}
	end := strings.IndexAny(path, `.["]`)
	if end < 0 {
		end = len(path)
	}
	return Step{Key: path[:end]}, path[end:], end > 0
}

// Set returns v with a value at a path within it, which an absent one removes. Objects and lists that nobody set on the way there are
// made, and a list may get an element after its last; what is secret stays so. It is an error where the path leads through what is not known, or is of another kind than the path
// has it. v is left as it is.
func (v Value) Set(at Path, to Value) (Value, error) {
	steps, err := at.Steps()
	if err != nil {
		return v, err
	}
	after, ok := v.set(steps, to)
	if !ok {
		return v, fmt.Errorf("nothing can be set at %s", at)
	}
	return after, nil
}

func (v Value) set(steps []Step, to Value) (after Value, ok bool) {
	if len(steps) == 0 {
		to.secret = to.secret || v.secret && to.kind != Absent
		return to, true
	}
	step := steps[0]
	if step.Element {
		list, isList := v.data.([]Value)
		if !isList && !v.Unset() || step.Index > len(list) || to.kind == Absent && (step.Index == len(list) || len(steps) == 1) {
			return v, false
		}
		if list = slices.Clone(list); step.Index == len(list) {
			list = append(list, Value{})
		}
		list[step.Index], ok = list[step.Index].set(steps[1:], to)
		return Value{kind: Array, secret: v.secret, data: list}, ok
	}
	members, isObject := v.data.(map[string]Value)
	if !isObject && !v.Unset() || step.Key == SignatureKey || members[SignatureKey].kind != Absent {
		return v, false
	}
	if to.kind == Absent && !isObject {
		return v, true
	}
	members = maps.Clone(members)
	if members == nil {
		members = map[string]Value{}
	}
	member, ok := members[step.Key].set(steps[1:], to)
	if members[step.Key] = member; member.kind == Absent {
		delete(members, step.Key)
	}
	return Value{kind: Object, secret: v.secret, data: members}, ok
}

// WithoutInternal returns v without what the engine and the providers keep in objects for themselves: the members whose names begin
// with two underscores, such as __defaults. Analyze is not shown them either.
//
// Source: https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/go/common/resource/properties.go, IsInternalPropertyKey
func (v Value) WithoutInternal() Value {
	internal := func(v Value) bool {
		members, _ := v.data.(map[string]Value)
		for key := range members {
			if strings.HasPrefix(key, "__") {
				return true
			}
		}
		return false
	}
	if !v.Contains(internal) {
		return v
	}
	switch d := v.data.(type) {
	case []Value:
		list := make([]Value, len(d))
		for i, e := range d {
			list[i] = e.WithoutInternal()
		}
		v.data = list
	case map[string]Value:
		members := make(map[string]Value, len(d))
		for key, m := range d {
			if !strings.HasPrefix(key, "__") {
				members[key] = m.WithoutInternal()
			}
		}
		v.data = members
	}
	return v
}
