package sdk

import (
	"bufio"
	_ "embed"
	"fmt"
	"io"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

//go:generate go run ./nativetypes

// NativeList is the name of the file that the generator writes.
const NativeList = "aws-native.txt"

//go:embed aws-native.txt
var nativeList string

// output is what stands before an output of a type in the list.
const output = "= "

// Native returns the inputs of resource types of the aws-native provider at every depth, by type token, and of its provider: all
// types of the modules that are listed.
func Native() map[string][]string {
	return native(func(line string) (string, bool) { return line, !strings.HasPrefix(line, output) })
}

// NativeOutputs returns the outputs of those types that are no inputs, at the top.
func NativeOutputs() map[string][]string {
	return native(func(line string) (string, bool) { return strings.CutPrefix(line, output) })
}

// native returns the properties in the list that are picked, by type token.
func native(pick func(line string) (property string, ok bool)) map[string][]string {
	properties := map[string][]string{}
	typ := ""
	for line := range strings.Lines(nativeList) {
		line = strings.TrimSuffix(line, "\n")
		switch property, indented := strings.CutPrefix(line, "\t"); {
		case indented:
			if property, ok := pick(property); ok {
				properties[typ] = append(properties[typ], property)
			}
		case line != "" && !strings.HasPrefix(line, "#"):
			typ = line
		}
	}
	return properties
}

// WriteNative writes what [Native] and [NativeOutputs] read, after a head of lines.
func WriteNative(w io.Writer, head []string, properties, outputs map[string][]string) error {
	b := bufio.NewWriter(w)
	for _, line := range head {
		fmt.Fprintf(b, "# %s\n", line)
	}
	for _, typ := range slices.Sorted(maps.Keys(properties)) {
		fmt.Fprintf(b, "\n%s\n", typ)
		for _, property := range properties[typ] {
			fmt.Fprintf(b, "\t%s\n", property)
		}
		for _, property := range outputs[typ] {
			fmt.Fprintf(b, "\t%s%s\n", output, property)
		}
	}
	return b.Flush()
}

// A Package is the files of a Node.js SDK as Pulumi generates it, by their path within the package: of a resource,
// dynamodb/table.d.ts has the inputs and dynamodb/table.js the type token; types/input.d.ts has all blocks.
type Package map[string]string

var (
	namespaceLine = regexp.MustCompile(`^export declare namespace (\w+) \{$`)
	interfaceLine = regexp.MustCompile(`^(?:export|   ) interface (\w+) \{$`)
	memberLine    = regexp.MustCompile(`^ +(?:readonly )?(\w+)\??: (.*)$`)
	// A block, pulumi.Input<inputs.dynamodb.TableCsvArgs | undefined>, or a list of them, pulumi.Input<...>[]. A map of
	// blocks goes on in the next line.
	blockType  = regexp.MustCompile(`\binputs\.([\w.]+)(>?\[\])?`)
	typeToken  = regexp.MustCompile(`__pulumiType = '([^']+)';`)
	outputLine = regexp.MustCompile(`(?m)^    readonly (\w+): pulumi\.Output<`)
)

// In reports whether a file, without its extension, is of one of some modules, each a folder or a file of one.
func In(modules []string, file string) bool {
	return slices.Contains(modules, path.Dir(file)) || slices.Contains(modules, file)
}

// provider is the file of a package's provider.
const provider = "provider"

// Properties returns the inputs of every resource type of some modules at every depth, by type token, and its outputs that are no
// inputs; the provider is the module of its name.
func (p Package) Properties(modules ...string) (properties, outputs map[string][]string, err error) {
	blocks := interfaces(p["types/input.d.ts"])
	properties, outputs = map[string][]string{}, map[string][]string{}
	for name, text := range p {
		file, isScript := strings.CutSuffix(name, ".js")
		token := typeToken.FindStringSubmatch(text)
		if !isScript || token == nil || !In(modules, file) {
			continue
		}
		typ := token[1]
		if file == provider {
			typ = "pulumi:providers:" + typ
		}
		arguments := typ[strings.LastIndexByte(typ, ':')+1:] + "Args"
		if file == provider {
			arguments = "ProviderArgs"
		}
		own := interfaces(p[file+".d.ts"])
		found, err := patterns(arguments, func(name string) (block, error) {
			for _, declared := range []map[string]block{own, blocks} {
				if members, ok := declared[name]; ok {
					return members, nil
				}
			}
			return nil, fmt.Errorf("%s: %s is not declared", typ, name)
		})
		if err != nil {
			return nil, nil, err
		}
		properties[typ] = found
		for _, m := range outputLine.FindAllStringSubmatch(p[file+".d.ts"], -1) {
			if !slices.Contains(found, m[1]) {
				outputs[typ] = append(outputs[typ], m[1])
			}
		}
	}
	return properties, outputs, nil
}

// interfaces returns the interfaces of a declaration file by name, after that of their namespace: dynamodb.TableCsvArgs.
func interfaces(text string) map[string]block {
	declared := map[string]block{}
	namespace := ""
	var current block
	comment := false
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		trimmed := strings.TrimSpace(line)
		if comment || strings.HasPrefix(trimmed, "/*") {
			comment = !strings.HasSuffix(trimmed, "*/")
			continue
		}
		if m := namespaceLine.FindStringSubmatch(line); m != nil {
			namespace = m[1] + "."
		} else if m := interfaceLine.FindStringSubmatch(line); m != nil {
			current = block{}
			declared[namespace+m[1]] = current
		} else if m := memberLine.FindStringSubmatch(line); m != nil && current != nil {
			current[m[1]] = memberOf(m[2])
		} else if line == "}" {
			namespace, current = "", nil
		}
	}
	return declared
}

// memberOf reads the type of a member, which names a block or a list of them, or holds no block.
func memberOf(typ string) property {
	m := blockType.FindStringSubmatch(typ)
	if m == nil {
		return property{}
	}
	return property{block: m[1], list: m[2] != ""}
}
