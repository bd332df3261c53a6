// Package resource holds what the Pulumi engine says of one resource: its property values, which may be known,
// unknown, secret or absent, the paths they are found at, its URN, its options and its provider.
package resource

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Kind is the shape of a value.
type Kind uint8

// The zero Kind is Absent: a property that is not there at all.
const (
	Absent Kind = iota
	Null
	Unknown // computed: not known until something is created
	Bool
	Number
	String
	Array
	Object
	Asset
	Archive
)

var kindNames = [...]string{
	"absent", "null", "unknown", "a boolean", "a number", "a string", "a list", "an object", "an asset", "an archive",
}

// String names the kind as a message would, article included.
func (k Kind) String() string { return kindNames[k] }

// A Value is one property value. The zero Value is absent.
//
// A value formats as a message may show it: secrets are redacted wherever they are nested, whichever verb is used.
type Value struct {
	kind   Kind
	secret bool
	data   any // bool, float64, string, []Value or map[string]Value, by kind
}

// NullValue, UnknownValue, AssetValue and ArchiveValue are the values that carry nothing but their kind: what an asset
// holds is of no interest here.
func NullValue() Value    { return Value{kind: Null} }
func UnknownValue() Value { return Value{kind: Unknown} }
func AssetValue() Value   { return Value{kind: Asset} }
func ArchiveValue() Value { return Value{kind: Archive} }

// BoolValue, NumberValue, StringValue, ArrayValue and ObjectValue are known values. They keep what they are given.
func BoolValue(b bool) Value                { return Value{kind: Bool, data: b} }
func NumberValue(n float64) Value           { return Value{kind: Number, data: n} }
func StringValue(s string) Value            { return Value{kind: String, data: s} }
func ArrayValue(vs []Value) Value           { return Value{kind: Array, data: vs} }
func ObjectValue(vs map[string]Value) Value { return Value{kind: Object, data: vs} }

// AsSecret returns v marked as secret.
func (v Value) AsSecret() Value {
	v.secret = true
	return v
}

// Kind returns the shape of v; a secret has the shape of what it hides.
func (v Value) Kind() Kind { return v.kind }

// Secret reports whether v itself is secret, or was reached through a secret.
func (v Value) Secret() bool { return v.secret }

// Unset reports whether v is absent or null: nobody gave it a value.
func (v Value) Unset() bool { return v.kind == Absent || v.kind == Null }

// Empty reports whether v holds nothing: it is unset, or an empty string, list or object, which the AWS provider takes
// for unset.
func (v Value) Empty() bool {
	switch d := v.data.(type) {
	case string:
		return d == ""
	case []Value:
		return len(d) == 0
	case map[string]Value:
		return len(d) == 0
	}
	return v.Unset()
}

// Bool returns the boolean v holds. The strings "true" and "false" count, since the AWS provider takes them for one.
func (v Value) Bool() (b, ok bool) {
	switch d := v.data.(type) {
	case bool:
		return d, true
	case string:
		if d == "true" || d == "false" {
			return d == "true", true
		}
	}
	return false, false
}

// Number returns the number v holds. A string in decimal notation counts, since the AWS provider takes it for one.
func (v Value) Number() (n float64, ok bool) {
	switch d := v.data.(type) {
	case float64:
		return d, true
	case string:
		n, err := strconv.ParseFloat(d, 64)
		return n, err == nil
	}
	return 0, false
}

// Text returns the string v holds.
func (v Value) Text() (s string, ok bool) {
	s, ok = v.data.(string)
	return s, ok
}

// Elements returns the elements of an array, nil for anything else. What a secret holds is secret.
func (v Value) Elements() []Value {
	list, _ := v.data.([]Value)
	if !v.secret {
		return list
	}
	secrets := make([]Value, len(list))
	for i, e := range list {
		secrets[i] = e.AsSecret()
	}
	return secrets
}

// Get returns the member of an object, absent where there is none. A member of an unknown value is unknown, and what
// a secret holds is secret.
func (v Value) Get(key string) Value {
	var m Value
	switch v.kind {
	case Unknown:
		m = UnknownValue()
	case Object:
		m = v.data.(map[string]Value)[key]
	}
	m.secret = m.secret || (v.secret && m.kind != Absent)
	return m
}

// Keys returns the names of an object's members in order, nil for anything else.
func (v Value) Keys() []string {
	m, _ := v.data.(map[string]Value)
	return slices.Sorted(maps.Keys(m))
}

// Contains reports whether pred holds for v or for a value nested in it.
func (v Value) Contains(pred func(Value) bool) bool {
	if pred(v) {
		return true
	}
	switch d := v.data.(type) {
	case []Value:
		return slices.ContainsFunc(d, func(e Value) bool { return e.Contains(pred) })
	case map[string]Value:
		for _, e := range d {
			if e.Contains(pred) {
				return true
			}
		}
	}
	return false
}

// Without returns v with every string in it that is left out as one that is not known.
func (v Value) Without(out func(text string) bool) Value {
	switch d := v.data.(type) {
	case string:
		if out(d) {
			return Value{kind: Unknown, secret: v.secret}
		}
	case []Value:
		rest := make([]Value, len(d))
		for i, e := range d {
			rest[i] = e.Without(out)
		}
		v.data = rest
	case map[string]Value:
		rest := make(map[string]Value, len(d))
		for key, e := range d {
			rest[key] = e.Without(out)
		}
		v.data = rest
	}
	return v
}

// HasUnknown and HasSecret report whether v, or a value nested in it, is unknown or secret.
func (v Value) HasUnknown() bool {
	return v.Contains(func(v Value) bool { return v.kind == Unknown })
}

func (v Value) HasSecret() bool { return v.Contains(Value.Secret) }

// Equal reports whether two values are the same, secrets compared by what they hold. Two unknown values are never
// equal: nothing says that they will be.
func (v Value) Equal(w Value) bool {
	if v.kind != w.kind || v.kind == Unknown {
		return false
	}
	switch d := v.data.(type) {
	case []Value:
		return slices.EqualFunc(d, w.data.([]Value), Value.Equal)
	case map[string]Value:
		return maps.EqualFunc(d, w.data.(map[string]Value), Value.Equal)
	default:
		return v.data == w.data
	}
}

// Format writes v as a message may show it, for every verb; with it no verb of fmt can print a secret.
func (v Value) Format(f fmt.State, _ rune) {
	var b strings.Builder
	v.write(&b)
	_, _ = f.Write([]byte(b.String()))
}

// String is v as a message may show it.
func (v Value) String() string {
	var b strings.Builder
	v.write(&b)
	return b.String()
}

// MarshalJSON writes what String does, so that a value that ends up in a report by mistake is redacted as well.
func (v Value) MarshalJSON() ([]byte, error) { return []byte(strconv.Quote(v.String())), nil }

func (v Value) write(b *strings.Builder) {
	if v.secret {
		b.WriteString("[secret]")
		return
	}
	switch d := v.data.(type) {
	case bool:
		b.WriteString(strconv.FormatBool(d))
	case float64:
		b.WriteString(strconv.FormatFloat(d, 'g', -1, 64))
	case string:
		b.WriteString(Quote(d))
	case []Value:
		b.WriteByte('[')
		for i, e := range d {
			if i > 0 {
				b.WriteString(", ")
			}
			e.write(b)
		}
		b.WriteByte(']')
	case map[string]Value:
		b.WriteByte('{')
		for i, k := range v.Keys() {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(k)
			b.WriteString(": ")
			d[k].write(b)
		}
		b.WriteByte('}')
	default:
		b.WriteByte('[')
		b.WriteString(strings.TrimPrefix(v.kind.String(), "an "))
		b.WriteByte(']')
	}
}

// Redact returns s as a value that is secret where v is: for a part of v that a message shows.
func (v Value) Redact(s string) Value { return Value{kind: String, secret: v.secret, data: s} }

// Quote writes text of a program as a message shows it: in quotes, without control characters, and no more of it than
// anybody reads.
func Quote(s string) string {
	const most = 256
	if len(s) <= most {
		return strconv.Quote(s)
	}
	return fmt.Sprintf("%q... (%d bytes)", strings.ToValidUTF8(s[:most], ""), len(s))
}
