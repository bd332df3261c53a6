package report_test

import (
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/report"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
)

var update = flag.Bool("update", false, "write the schema and the golden files")

// A schema is JSON Schema 2020-12, as far as a report needs it.
type schema struct {
	Schema      string             `json:"$schema,omitempty"`
	Title       string             `json:"title,omitempty"`
	Description string             `json:"description,omitempty"`
	Ref         string             `json:"$ref,omitempty"`
	Type        any                `json:"type,omitempty"`
	Format      string             `json:"format,omitempty"`
	Const       any                `json:"const,omitempty"`
	Enum        []string           `json:"enum,omitempty"`
	Items       *schema            `json:"items,omitempty"`
	Properties  map[string]*schema `json:"properties,omitempty"`
	Additional  *schema            `json:"additionalProperties,omitempty"`
	Required    []string           `json:"required,omitempty"`
	Defs        map[string]*schema `json:"$defs,omitempty"`
}

// TestSchema holds docs/report.schema.json to what is written: it is made of the types, and of what their comments say.
func TestSchema(t *testing.T) {
	w := &schemaWriter{comments: comments(t), defs: map[string]*schema{}}
	root := w.object(reflect.TypeFor[report.Report]())
	root.Schema, root.Title = "https://json-schema.org/draft/2020-12/schema", "DynamoGuard report"
	root.Properties["schemaVersion"].Const = report.SchemaVersion
	root.Defs = w.defs
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	path := filepath.Join("..", "..", "docs", "report.schema.json")
	if *update {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	published, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(published), string(text)); diff != "" {
		t.Errorf("%s is not what is written; run go test ./internal/report -update (-published +written):\n%s", path, diff)
	}
}

type schemaWriter struct {
	comments map[string]string
	defs     map[string]*schema
}

func (w *schemaWriter) of(t reflect.Type) *schema {
	switch t {
	case reflect.TypeFor[time.Time]():
		return &schema{Type: "string", Format: "date-time"}
	case reflect.TypeFor[report.Outcome]():
		s := &schema{Type: "string"}
		for _, o := range report.Outcomes {
			s.Enum = append(s.Enum, string(o))
		}
		return s
	case reflect.TypeFor[report.Kind]():
		return &schema{Type: "string", Enum: []string{string(report.OfState), string(report.OfPreview), string(report.OfUpdate), string(report.OfEvents)}}
	case reflect.TypeFor[report.AccessLevel]():
		s := &schema{Type: "string"}
		for l := report.NoAccess; l <= report.FullAccess; l++ {
			s.Enum = append(s.Enum, l.String())
		}
		return s
	case reflect.TypeFor[resource.URN](), reflect.TypeFor[soc2.ID]():
		return &schema{Type: "string"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return w.of(t.Elem())
	case reflect.Slice:
		return &schema{Type: "array", Items: w.of(t.Elem())}
	case reflect.Map:
		return &schema{Type: "object", Additional: w.of(t.Elem())}
	case reflect.Struct:
		name := strings.ToLower(t.Name()[:1]) + t.Name()[1:]
		if w.defs[name] == nil {
			w.defs[name] = &schema{} // one that leads to itself ends here
			*w.defs[name] = *w.object(t)
		}
		return &schema{Ref: "#/$defs/" + name}
	case reflect.Bool:
		return &schema{Type: "boolean"}
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return &schema{Type: "integer"}
	case reflect.String:
		return &schema{Type: "string"}
	default:
		panic("a report has a " + t.String())
	}
}

func (w *schemaWriter) object(t reflect.Type) *schema {
	s := &schema{Type: "object", Description: w.comments[t.Name()], Properties: map[string]*schema{}}
	for f := range fields(t) {
		name, option, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		property := w.of(f.Type)
		property.Description = w.comments[t.Name()+"."+f.Name]
		s.Properties[name] = property
		if option == "" {
			s.Required = append(s.Required, name)
		}
	}
	return s
}

// fields are those of a struct that are encoded.
func fields(t reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && !yield(f) {
				return
			}
		}
	}
}

// comments are those of the types of the package and of their fields, by Type and by Type.Field.
func comments(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	line := func(groups ...*ast.CommentGroup) string {
		for _, g := range groups {
			if text := strings.Join(strings.Fields(g.Text()), " "); text != "" {
				return text
			}
		}
		return ""
	}
	for _, source := range sources {
		if strings.HasSuffix(source, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), source, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			decl, ok := n.(*ast.GenDecl)
			if !ok {
				return true
			}
			for _, spec := range decl.Specs {
				typ, ok := spec.(*ast.TypeSpec)
				if !ok {
					continue
				}
				found[typ.Name.Name] = line(typ.Doc, decl.Doc)
				if s, ok := typ.Type.(*ast.StructType); ok {
					for _, f := range s.Fields.List {
						for _, name := range f.Names {
							found[typ.Name.Name+"."+name.Name] = line(f.Doc, f.Comment)
						}
					}
				}
			}
			return true
		})
	}
	return found
}

// TestSchemaHolds: what is written has what the schema requires, of the types that it says, and nothing else.
func TestSchemaHolds(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "report.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var root schema
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal(written(t, "json"), &value); err != nil {
		t.Fatal(err)
	}
	holds(t, &root, &root, value, "report")
}

func holds(t *testing.T, root, s *schema, value any, at string) {
	if s.Ref != "" {
		s = root.Defs[strings.TrimPrefix(s.Ref, "#/$defs/")]
	}
	kinds := map[reflect.Kind]any{reflect.Map: "object", reflect.Slice: "array", reflect.String: "string", reflect.Bool: "boolean", reflect.Float64: "integer"}
	if kind := kinds[reflect.ValueOf(value).Kind()]; kind != s.Type {
		t.Errorf("%s is %v, not %v", at, kind, s.Type)
		return
	}
	switch v := value.(type) {
	case map[string]any:
		for _, name := range s.Required {
			if _, ok := v[name]; !ok {
				t.Errorf("%s has no %s", at, name)
			}
		}
		for name, member := range v {
			of := s.Properties[name]
			if of == nil {
				of = s.Additional
			}
			if of == nil {
				t.Errorf("%s has a %s", at, name)
				continue
			}
			holds(t, root, of, member, at+"."+name)
		}
	case []any:
		for _, element := range v {
			holds(t, root, s.Items, element, at+"[]")
		}
	case string:
		if len(s.Enum) > 0 && !slices.Contains(s.Enum, v) {
			t.Errorf("%s is %q", at, v)
		}
	}
}
