package command

import (
	"fmt"
	"io"
	"os"
	"strings"

	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
)

// mostConfiguration is more than the configuration of a pack takes, in bytes.
const mostConfiguration = 4 << 20

// configuration reads the file of --policy-pack-config; without a file it is nil, for what holds by default. Its levels are what the
// engine makes of them: a policy that has none of its own has that of "all", else its default.
//
// Source: https://github.com/pulumi/pulumi/blob/master/pkg/resource/analyzer/config.go
func (p program) configuration(path string) (map[string]policy.Given, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, mostConfiguration))
	if err != nil {
		return nil, err
	}
	file, ok := resource.DecodeJSON(string(data))
	if !ok || file.Kind() != resource.Object {
		return nil, fmt.Errorf("%s is not a JSON object", path)
	}
	given := map[string]policy.Given{}
	all, isSet, err := levelOf(policy.AllPolicies, file.Get(policy.AllPolicies))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, known := range p.policies {
		if isSet {
			given[known.Name] = policy.Given{Level: all}
		}
	}
	for _, key := range file.Keys() {
		level, ok, err := levelOf(key, file.Get(key))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if known := p.named(strings.TrimPrefix(key, policy.PackPolicy+":")); !ok && isSet {
			level = all
		} else if !ok && known != nil {
			level = known.Level
		}
		given[key] = policy.Given{Level: level, Properties: without(file.Get(key), "enforcementLevel")}
	}
	return given, nil
}

// levelOf reads the level that a name has in a configuration, where it has one. No policy remediates, so there is nothing left of
// that level but to enforce.
func levelOf(name string, v resource.Value) (level policy.Level, isSet bool, err error) {
	if v.Kind() == resource.Object {
		name, v = name+".enforcementLevel", v.Get("enforcementLevel")
	}
	if v.Unset() {
		return 0, false, nil
	}
	text, _ := v.Text()
	levels := map[string]policy.Level{
		"disabled": policy.Disabled, "advisory": policy.Advisory, "mandatory": policy.Mandatory, "remediate": policy.Mandatory,
	}
	level, ok := levels[text]
	if !ok {
		return 0, false, fmt.Errorf("%s %v is not one of advisory, mandatory, disabled", name, v)
	}
	return level, true, nil
}

// without returns an object without one of its members, and what is no object as absent.
func without(v resource.Value, name string) resource.Value {
	if v.Kind() != resource.Object {
		return resource.Value{}
	}
	members := map[string]resource.Value{}
	for _, key := range v.Keys() {
		if key != name {
			members[key] = v.Get(key)
		}
	}
	return resource.ObjectValue(members)
}
