package sdk

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Source is the source of a Go SDK as Pulumi generates it. It reads a package when it is first asked for a type of it.
type Source struct {
	fsys     fs.FS
	packages map[string]*goPackage // by folder
}

// NewSource returns the SDK whose root package is at the root of fsys.
func NewSource(fsys fs.FS) *Source { return &Source{fsys, map[string]*goPackage{}} }

// Properties returns the inputs of a resource type at every depth, nil where the SDK has no such type. The package of
// aws:dynamodb/table:Table is dynamodb, that of pulumi:providers:aws the root.
func (s *Source) Properties(typ string) ([]string, error) {
	p, made, err := s.resource(typ)
	if err != nil || made == "" {
		return nil, err
	}
	properties, err := patterns(argumentsOf(made), p.block)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", typ, err)
	}
	return properties, nil
}

// Outputs returns the outputs of a resource type, at the top, nil where the SDK has no such type.
func (s *Source) Outputs(typ string) ([]string, error) {
	p, made, err := s.resource(typ)
	if err != nil || made == "" {
		return nil, err
	}
	members, err := p.block(made)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", typ, err)
	}
	return slices.Sorted(maps.Keys(members)), nil
}

// resource returns the package of a resource type, and the name of the struct that the type is there, empty where there is
// none.
func (s *Source) resource(typ string) (p *goPackage, made string, err error) {
	_, module, _ := strings.Cut(typ, ":")
	folder, _, isResource := strings.Cut(module, "/")
	if !isResource {
		folder = "."
	}
	p, err = s.read(folder)
	if err != nil {
		return nil, "", err
	}
	return p, p.resources[typ], nil
}

// argumentsOf is the struct that holds the inputs of a resource: of Table it is tableArgs; TableArgs has them as promises,
// without names.
func argumentsOf(made string) string {
	first, size := utf8.DecodeRuneInString(made)
	return string(unicode.ToLower(first)) + made[size:] + "Args"
}

// TypesWith returns the types of all packages that have one of some inputs, at the top, with those that they have.
//
// The SDK has 2,800 files and 137 MB. Only files that name one of the inputs are parsed.
func (s *Source) TypesWith(inputs []string) (map[string][]string, error) {
	with := map[string][]string{}
	tags := make([][]byte, len(inputs))
	for i, input := range inputs {
		tags[i] = []byte(`pulumi:"` + input + `"`)
	}
	err := fs.WalkDir(s.fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !declaresResource(name) {
			return err
		}
		text, err := fs.ReadFile(s.fsys, name)
		if err != nil || !slices.ContainsFunc(tags, func(tag []byte) bool { return bytes.Contains(text, tag) }) {
			return err
		}
		p := newPackage()
		if err := p.add(name, text); err != nil {
			return err
		}
		for typ, made := range p.resources {
			members, err := p.block(argumentsOf(made))
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			for _, input := range inputs {
				if _, ok := members[input]; ok {
					with[typ] = append(with[typ], input)
				}
			}
		}
		return nil
	})
	return with, err
}

// declaresResource reports whether a file may declare a resource: others hold the types that properties have.
func declaresResource(name string) bool {
	base := path.Base(name)
	return strings.HasSuffix(base, ".go") && !strings.HasPrefix(base, "pulumiTypes")
}

func (s *Source) read(folder string) (*goPackage, error) {
	if p, ok := s.packages[folder]; ok {
		return p, nil
	}
	files, err := fs.Glob(s.fsys, path.Join(folder, "*.go"))
	if err != nil {
		return nil, err
	}
	p := newPackage()
	for _, name := range files {
		text, err := fs.ReadFile(s.fsys, name)
		if err != nil {
			return nil, err
		}
		if err := p.add(name, text); err != nil {
			return nil, err
		}
	}
	s.packages[folder] = p
	return p, nil
}

// A goPackage is what a package, or a file of one, declares.
type goPackage struct {
	types     map[string]ast.Expr
	resources map[string]string // from type token to the name of the struct
}

func newPackage() *goPackage {
	return &goPackage{map[string]ast.Expr{}, map[string]string{}}
}

func (p *goPackage) add(name string, text []byte) error {
	file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, declaration := range file.Decls {
		switch d := declaration.(type) {
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if t, ok := spec.(*ast.TypeSpec); ok {
					p.types[t.Name.Name] = t.Type
				}
			}
		case *ast.FuncDecl:
			if typ, ok := registers(d); ok {
				p.resources[typ] = strings.TrimPrefix(d.Name.Name, "New") // NewTable makes a Table
			}
		}
	}
	return nil
}

// registers returns the type token of the resource that a function registers: ctx.RegisterResource("aws:iam/role:Role", ...).
func registers(f *ast.FuncDecl) (typ string, ok bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		call, isCall := n.(*ast.CallExpr)
		if !isCall || len(call.Args) == 0 {
			return true
		}
		method, isMethod := call.Fun.(*ast.SelectorExpr)
		literal, isLiteral := call.Args[0].(*ast.BasicLit)
		if isMethod && isLiteral && method.Sel.Name == "RegisterResource" {
			text, err := strconv.Unquote(literal.Value)
			typ, ok = text, err == nil
		}
		return true
	})
	return typ, ok
}

// block returns the fields of a struct that have a pulumi tag; none where the name is of a type without fields, as an
// enumeration is.
func (p *goPackage) block(name string) (block, error) {
	declared, ok := p.types[name]
	if !ok {
		return nil, fmt.Errorf("type %s is not declared", name)
	}
	members := block{}
	fields, ok := declared.(*ast.StructType)
	if !ok {
		return members, nil
	}
	for _, field := range fields.Fields.List {
		if field.Tag == nil {
			continue
		}
		tag, err := strconv.Unquote(field.Tag.Value)
		if err != nil {
			return nil, err
		}
		if name, ok := reflect.StructTag(tag).Lookup("pulumi"); ok {
			members[name] = propertyOf(field.Type)
		}
	}
	return members, nil
}

// propertyOf reads the type of a field: *Block, []Block, or something that holds no block. A type of another package is
// one of Pulumi's, an asset or the like.
func propertyOf(field ast.Expr) (p property) {
	for {
		switch e := field.(type) {
		case *ast.StarExpr:
			field = e.X
		case *ast.ArrayType:
			p.list = true
			field = e.Elt
		case *ast.Ident:
			if types.Universe.Lookup(e.Name) == nil {
				p.block = e.Name
			}
			return p
		default:
			return p
		}
	}
}
