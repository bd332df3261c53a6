package main

import (
	"encoding/json"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// member is a field of a struct that a pulumi tag names.
type member struct {
	name resource.PropertyKey
	typ  reflect.Type // for an output, the type of its value
}

// members returns the members of a struct. Those that it embeds are its own.
func members(structure reflect.Type) []member {
	var all []member
	for _, field := range reflect.VisibleFields(structure) {
		name, tagged := field.Tag.Lookup("pulumi")
		if !tagged || !field.IsExported() {
			continue
		}
		typ := field.Type
		if output, ok := reflect.Zero(typ).Interface().(pulumi.Output); ok {
			typ = output.ElementType()
		}
		all = append(all, member{resource.PropertyKey(name), typ})
	}
	return all
}

// required reports whether it always has a value. Of lists, maps and
// values of any type the typed SDK does not tell.
func (m member) required() bool {
	switch m.typ.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return false
	default:
		return true
	}
}

// zero returns the value of a type that nothing was said of.
func zero(typ reflect.Type) resource.PropertyValue {
	switch typ.Kind() {
	case reflect.Bool:
		return resource.NewProperty(false)
	case reflect.Int, reflect.Float64:
		return resource.NewProperty(0.0)
	case reflect.String:
		return resource.NewProperty("")
	case reflect.Slice:
		return resource.NewProperty([]resource.PropertyValue{})
	case reflect.Map, reflect.Struct:
		object := resource.PropertyMap{}
		if typ.Kind() == reflect.Struct {
			for _, m := range members(typ) {
				if m.required() {
					object[m.name] = zero(m.typ)
				}
			}
		}
		return resource.NewProperty(object)
	default:
		return resource.NewNullProperty()
	}
}

// computed returns the outputs that AWS fills where the program does not, with
// their zero values. A preview does not know them.
func (k kind) computed() resource.PropertyMap {
	all := resource.PropertyMap{}
	if k.result == nil {
		return all
	}
	given := map[resource.PropertyKey]bool{}
	for _, input := range members(k.args) {
		given[input.name] = input.required()
	}
	for _, output := range members(k.result) {
		if output.required() && !given[output.name] || slices.Contains(k.lists, output.name) {
			all[output.name] = zero(output.typ)
		}
	}
	return all
}

// schema returns the package's schema, in JSON: of the types in its table, all
// that language hosts need to type a program.
func (p pkg) schema() ([]byte, error) {
	d := describer{pkg: p.name, types: map[string]schema.ComplexTypeSpec{}}
	settings := d.object(p.settings)
	spec := schema.PackageSpec{
		Name:      p.name,
		Version:   p.version,
		Meta:      &schema.MetadataSpec{ModuleFormat: "([^/]*)(?:/[^/]*)?"}, // the module of "dynamodb/table" is "dynamodb"
		Config:    schema.ConfigSpec{Variables: settings.Properties},
		Provider:  &schema.ResourceSpec{InputProperties: settings.Properties, RequiredInputs: settings.Required},
		Resources: map[string]schema.ResourceSpec{},
		Functions: map[string]schema.FunctionSpec{},
	}
	for token, kind := range p.kinds {
		inputs, outputs := d.object(kind.args), d.object(kind.result)
		if p.regional(token) {
			inputs.Properties["region"] = schema.PropertySpec{TypeSpec: schema.TypeSpec{Type: "string"}}
			outputs.Properties["region"] = inputs.Properties["region"]
		}
		spec.Resources[string(token)] = schema.ResourceSpec{
			ObjectTypeSpec:  outputs,
			InputProperties: inputs.Properties,
			RequiredInputs:  inputs.Required,
		}
	}
	for token, f := range p.functions {
		inputs, outputs := d.object(f.args), d.object(f.result)
		spec.Functions[string(token)] = schema.FunctionSpec{Inputs: &inputs, Outputs: &outputs}
	}
	spec.Types = d.types
	return json.Marshal(spec)
}

// describer writes Go types in the terms of a schema.
type describer struct {
	pkg   string
	types map[string]schema.ComplexTypeSpec // the objects that were met, by token
}

func (d describer) object(structure reflect.Type) schema.ObjectTypeSpec {
	object := schema.ObjectTypeSpec{Type: "object", Properties: map[string]schema.PropertySpec{}}
	for _, m := range members(structure) {
		object.Properties[string(m.name)] = schema.PropertySpec{TypeSpec: d.typ(m.typ)}
		if m.required() {
			object.Required = append(object.Required, string(m.name))
		}
	}
	return object
}

func (d describer) typ(typ reflect.Type) schema.TypeSpec {
	switch typ.Kind() {
	case reflect.Pointer:
		return d.typ(typ.Elem())
	case reflect.Bool:
		return schema.TypeSpec{Type: "boolean"}
	case reflect.Int:
		return schema.TypeSpec{Type: "integer"}
	case reflect.Float64:
		return schema.TypeSpec{Type: "number"}
	case reflect.String:
		return schema.TypeSpec{Type: "string"}
	case reflect.Slice:
		items := d.typ(typ.Elem())
		return schema.TypeSpec{Type: "array", Items: &items}
	case reflect.Map:
		values := d.typ(typ.Elem())
		return schema.TypeSpec{Type: "object", AdditionalProperties: &values}
	case reflect.Struct:
		name := strings.ToUpper(typ.Name()[:1]) + typ.Name()[1:]
		token := d.pkg + ":" + path.Base(typ.PkgPath()) + "/" + name + ":" + name
		if _, met := d.types[token]; !met {
			d.types[token] = schema.ComplexTypeSpec{} // a type may hold itself
			d.types[token] = schema.ComplexTypeSpec{ObjectTypeSpec: d.object(typ)}
		}
		return schema.TypeSpec{Ref: "#/types/" + token}
	default:
		return schema.TypeSpec{Ref: "pulumi.json#/Any"}
	}
}
