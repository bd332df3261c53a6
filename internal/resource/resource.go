package resource

import "strings"

// A URN names a resource within an organization:
//
//	urn:pulumi:<stack>::<project>::<parent types $ type>::<name>
//
// Nothing is assumed of its form: whatever the engine sends is kept, and the parts of a malformed URN are empty.
type URN string

func (u URN) parts() (stack, project, types, name string) {
	stack, rest, _ := strings.Cut(string(u), "::")
	project, rest, _ = strings.Cut(rest, "::")
	types, name, named := strings.Cut(rest, "::")
	stack, ok := strings.CutPrefix(stack, "urn:pulumi:")
	if !ok || !named {
		return "", "", "", ""
	}
	return stack, project, types, name
}

// Valid reports whether the URN has the form that the engine asks for.
//
// Source: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/urn/urn.go, IsValid
func (u URN) Valid() bool {
	return strings.HasPrefix(string(u), "urn:pulumi:") && strings.Count(string(u), "::") >= 3
}

// Stack returns the name of the stack, without organization and project.
func (u URN) Stack() string { s, _, _, _ := u.parts(); return s }

// Project returns the name of the project.
func (u URN) Project() string { _, p, _, _ := u.parts(); return p }

// Type returns the type token of the resource itself, without its parents'.
func (u URN) Type() string {
	_, _, t, _ := u.parts()
	return t[strings.LastIndexByte(t, '$')+1:]
}

// Name returns the logical name: the one the program gave the resource.
func (u URN) Name() string { _, _, _, n := u.parts(); return n }

// Parent returns the type token of the parent, empty where that is the stack.
func (u URN) Parent() string {
	_, _, t, _ := u.parts()
	types := strings.Split(t, "$")
	return strings.Join(types[max(0, len(types)-2):len(types)-1], "")
}

// Sibling returns the URN of a resource of the same parent.
func (u URN) Sibling(typ, name string) URN {
	s, p, t, _ := u.parts()
	return URN("urn:pulumi:" + s + "::" + p + "::" + t[:strings.LastIndexByte(t, '$')+1] + typ + "::" + name)
}

// StackType is the type token of the root stack resource.
const StackType = "pulumi:pulumi:Stack"

// RootURN returns the URN of the root stack resource of the stack that u belongs to.
func (u URN) RootURN() URN {
	s, p, _, _ := u.parts()
	return RootURN(p, s)
}

// RootURN returns the URN of the root stack resource of a stack.
func RootURN(project, stack string) URN {
	return URN("urn:pulumi:" + stack + "::" + project + "::" + StackType + "::" + project + "-" + stack)
}

// A Provider is the provider resource that manages another resource. Properties are its inputs.
type Provider struct {
	URN        URN
	Type       string
	Name       string
	Properties Value // an object
}

// Options are the resource options the engine passes on.
type Options struct {
	Protect bool
	Parent  URN
	Aliases []URN
}

// A Resource is one resource as the engine sends it: its checked inputs in Analyze, its outputs in AnalyzeStack.
type Resource struct {
	URN        URN
	Type       string
	Name       string // the logical name
	Properties Value  // an object
	Options    Options
	Provider   *Provider // nil for a component, a provider and the root stack

	// PropertyDependencies are the resources that each property was made of. The engine sends them to AnalyzeStack only.
	PropertyDependencies map[string][]URN

	// OnRead, where set, is told the pattern of every property that is read.
	OnRead func(pattern string)
}

// ShortType is a type token as people write it: aws:iam:Policy for aws:iam/policy:Policy.
func ShortType(token string) string {
	parts := strings.Split(token, ":")
	if len(parts) != 3 {
		return token
	}
	module, _, _ := strings.Cut(parts[1], "/")
	return parts[0] + ":" + module + ":" + parts[2]
}
