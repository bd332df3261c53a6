package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"dynamoguard/internal/files"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/text"
)

// mostConfiguration is far more than the configuration of a pack takes, in bytes.
const mostConfiguration = 4 << 20

// A configurationFile is what --policy-pack-config and policy enable --config take: JSON, with a level or an object for each
// policy, by name; or, where it has a number "version", that below "policies".
//
// Source: https://github.com/pulumi/pulumi/blob/master/pkg/resource/analyzer/config.go, parsePolicyPackConfig
type configurationFile struct {
	given        map[string]policy.Given
	leveless     []string // names for which Pulumi knows no level, in order
	environments []string // of ESC, which may say more
	exceptions   exceptions
}

// inForce returns the configuration that holds with a file, or without one where path is empty, Pulumi's own exceptions in it, and what
// there is to say of the file.
// The errors are in the words that a run would end with.
func inForce(ctx context.Context, path string, policies []*policy.Policy) (c *policy.Configuration, excepted exceptions, remarks []string, err error) {
	var file configurationFile
	if path != "" {
		if file, err = readConfiguration(ctx, path, policies); err != nil {
			return nil, nil, nil, err
		}
	}
	if c, err = policy.Configure(policies, file.given); err != nil {
		return nil, nil, nil, err
	}
	if len(file.leveless) > 0 {
		return nil, nil, nil, fmt.Errorf("%s has no enforcementLevel, which Pulumi asks for every name that is not one of a policy",
			text.Printable(text.List(file.leveless, ", ")))
	}
	if names := c.UnknownPolicies; len(names) > 0 {
		remarks = append(remarks, "names that no policy of this version has are left out: "+text.List(names, ", "))
	}
	if names := c.Overruled; len(names) > 0 {
		remarks = append(remarks, "policies are configured by two names, of which the plain one counts; left out: "+text.List(names, ", "))
	}
	if len(file.environments) > 0 {
		remarks = append(remarks, "not known here is what comes from the environments "+text.Printable(text.List(file.environments, ", ")))
	}
	known := func(name string) bool {
		return slices.ContainsFunc(policies, func(p *policy.Policy) bool { return p.Name == name })
	}
	if names := slices.DeleteFunc(file.exceptions.policies(), known); len(names) > 0 {
		remarks = append(remarks, "exceptions are for names that no policy of this version has: "+text.Printable(text.List(names, ", ")))
	}
	return c, file.exceptions, remarks, nil
}

// readConfiguration reads a file. A level that is not written is what the engine makes of it: that of "all", else the policy's
// own.
func readConfiguration(ctx context.Context, path string, policies []*policy.Policy) (configurationFile, error) {
	var file configurationFile
	data, err := files.Read(ctx, path, mostConfiguration)
	if err != nil {
		return file, err
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return file, nil
	}
	var root map[string]any
	if err := json.Unmarshal(data, &root); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			line := 1 + bytes.Count(data[:syntax.Offset], []byte("\n"))
			return file, fmt.Errorf("%s, line %d: it is not JSON: %w", path, line, err)
		}
		return file, fmt.Errorf("%s is not a JSON object", path)
	}
	if at := twice(json.NewDecoder(bytes.NewReader(data)), ""); at != "" {
		return file, fmt.Errorf("%s: %s is there twice", path, at)
	}
	if err := file.read(root, policies); err != nil {
		return file, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}

// twice returns the path of a name that an object of a JSON text has twice, empty where there is none. Who reads such a text takes
// the last of them, and loses the other.
func twice(text *json.Decoder, path string) string {
	token, _ := text.Token() // the text was read before
	switch token {
	case json.Delim('{'):
		seen := map[string]bool{}
		for text.More() {
			token, _ := text.Token()
			name := token.(string)
			at := strings.TrimPrefix(path+"."+name, ".")
			if seen[name] {
				return at
			}
			seen[name] = true
			if at := twice(text, at); at != "" {
				return at
			}
		}
		_, _ = text.Token()
	case json.Delim('['):
		for i := 0; text.More(); i++ {
			if at := twice(text, fmt.Sprintf("%s[%d]", path, i)); at != "" {
				return at
			}
		}
		_, _ = text.Token()
	}
	return ""
}

// read takes a file apart.
func (f *configurationFile) read(root map[string]any, policies []*policy.Policy) error {
	environments := root["environments"]
	if version, ok := root["version"].(float64); ok {
		if version != 2 {
			return errors.New("version must be 2")
		}
		var err error
		if f.exceptions, err = readExceptions(root["exceptions"]); err != nil {
			return err
		}
		policies, ok := root["policies"].(map[string]any)
		if !ok && root["policies"] != nil {
			return errors.New("policies is not an object")
		}
		root = policies
	} else {
		delete(root, "environments")
	}
	if environments != nil {
		list, ok := environments.([]any)
		for _, e := range list {
			name, isText := e.(string)
			f.environments, ok = append(f.environments, name), ok && isText
		}
		if !ok {
			return errors.New("environments is not a list of strings")
		}
	}
	return f.policies(root, policies)
}

// policies reads the levels and properties of the policies.
func (f *configurationFile) policies(root map[string]any, policies []*policy.Policy) error {
	defaults := map[string]policy.Level{}
	for _, p := range policies {
		defaults[p.Name] = p.Level
	}
	f.given = map[string]policy.Given{}
	if v, ok := root[policy.AllPolicies]; ok {
		all, isSet, err := level(policy.AllPolicies, v)
		if err != nil {
			return err
		}
		for name := range defaults {
			if isSet {
				defaults[name] = all
				f.given[name] = policy.Given{Level: all}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(root)) {
		given := policy.Given{}
		written, isSet, err := level(name, root[name])
		if err != nil {
			return err
		}
		object, _ := root[name].(map[string]any)
		delete(object, "enforcementLevel")
		if !isSet && len(object) == 0 {
			continue // the engine leaves it out as well
		}
		byDefault, known := defaults[name]
		switch {
		case isSet:
			given.Level = written
		case known:
			given.Level = byDefault
		default:
			f.leveless = append(f.leveless, name)
		}
		if len(object) > 0 {
			given.Properties = resource.Decode(object)
		}
		f.given[name] = given
	}
	return nil
}

// levels are those that the engine takes.
var levels = map[string]policy.Level{
	"advisory": policy.Advisory, "mandatory": policy.Mandatory, "disabled": policy.Disabled, "remediate": policy.Remediate,
}

// level reads the level of a name, where it has one.
func level(name string, v any) (l policy.Level, isSet bool, err error) {
	if object, ok := v.(map[string]any); ok {
		if v, isSet = object["enforcementLevel"]; !isSet {
			return 0, false, nil
		}
		name += ".enforcementLevel"
	}
	written, _ := v.(string)
	if l, isSet = levels[written]; !isSet {
		return 0, false, fmt.Errorf("%s %v is not one of advisory, mandatory, remediate, disabled", name, resource.Decode(v))
	}
	return l, true, nil
}
