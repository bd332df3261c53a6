package main

import (
	"encoding/json"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// unknown is what the real provider gives for an unknown of any type.
var unknown = resource.MakeComputed(resource.NewProperty(""))

// fill returns what the program gave, and where it gave nothing, also within
// objects, what AWS fills: an unknown in a preview.
func fill(given, filled resource.PropertyValue, preview bool) resource.PropertyValue {
	bare := plain(given)
	switch {
	case bare.IsObject() && filled.IsObject():
		object := bare.ObjectValue().Copy()
		for key, value := range filled.ObjectValue() {
			object[key] = fill(object[key], value, preview)
		}
		return sealed(resource.NewProperty(object), given.IsSecret())
	case bare.IsArray() && filled.IsArray() && len(bare.ArrayValue()) == len(filled.ArrayValue()):
		elements := make([]resource.PropertyValue, len(bare.ArrayValue()))
		for i, element := range bare.ArrayValue() {
			elements[i] = fill(element, filled.ArrayValue()[i], preview)
		}
		return sealed(resource.NewProperty(elements), given.IsSecret())
	case !bare.IsNull():
		return given
	case preview:
		return unknown
	default:
		return filled
	}
}

// plain returns the value without its secret or output wrapping.
func plain(value resource.PropertyValue) resource.PropertyValue {
	for {
		switch {
		case value.IsSecret():
			value = value.SecretValue().Element
		case value.IsOutput() && value.OutputValue().Known:
			value = value.OutputValue().Element
		default:
			return value
		}
	}
}

// text returns the value's string, and whether it is one.
func text(value resource.PropertyValue) (string, bool) {
	if value = plain(value); value.IsString() {
		return value.StringValue(), true
	}
	return "", false
}

func asText(value resource.PropertyValue) string {
	s, _ := text(value)
	return s
}

// texts returns the strings of a list, given as one or as its JSON text.
func texts(value resource.PropertyValue) []string {
	var all []string
	if encoded, ok := text(value); ok {
		_ = json.Unmarshal([]byte(encoded), &all) // other text holds no list
		return all
	}
	if value = plain(value); value.IsArray() {
		for _, element := range value.ArrayValue() {
			if s, ok := text(element); ok {
				all = append(all, s)
			}
		}
	}
	return all
}

// encoded returns the value as JSON text with sorted keys. Text that would
// hold an unknown is itself unknown, and one that would hold a secret, secret.
func encoded(value resource.PropertyValue) resource.PropertyValue {
	if value.ContainsUnknowns() {
		return unknown
	}
	document, err := json.Marshal(native(value))
	if err != nil {
		return value // not a JSON value: assets and archives stay what they are
	}
	return sealed(resource.NewProperty(string(document)), value.ContainsSecrets())
}

// native returns the value as encoding/json would have decoded it.
func native(value resource.PropertyValue) any {
	switch value = plain(value); {
	case value.IsArray():
		elements := []any{}
		for _, element := range value.ArrayValue() {
			elements = append(elements, native(element))
		}
		return elements
	case value.IsObject():
		object := map[string]any{}
		for key, element := range value.ObjectValue() {
			object[string(key)] = native(element)
		}
		return object
	case value.IsNull():
		return nil
	default:
		return value.V
	}
}

// normalised returns a document as AWS gives it back: the same JSON, written
// differently. Text that is not JSON comes back as it is.
func normalised(value resource.PropertyValue) resource.PropertyValue {
	document, ok := text(value)
	var decoded any
	if !ok || json.Unmarshal([]byte(document), &decoded) != nil {
		return value
	}
	written, err := json.Marshal(decoded)
	if err != nil {
		return value
	}
	return sealed(resource.NewProperty(string(written)), value.ContainsSecrets())
}

// sealed returns the value, as a secret where asked.
func sealed(value resource.PropertyValue, secret bool) resource.PropertyValue {
	if secret {
		return resource.MakeSecret(value)
	}
	return value
}
