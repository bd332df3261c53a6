package tables

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"dynamoguard/internal/account"
)

// NoOrganization is what Pulumi calls the organization of a backend that has none.
const NoOrganization = "organization"

// A StateTables is what a state says of tables.
type StateTables struct {
	Entries []Entry `json:"tables"`
	// Secret is the number of tables left out because their name, ARN or region is a secret.
	Secret int `json:"secret,omitempty"`
}

// newestState is the newest version of the state format that is known.
//
// Source: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/apitype/core.go
const newestState = 4

// ReadState reads the tables that the resources of one stack own from its state: a checkpoint as a backend keeps it, or
// an export. It reads in one pass, keeps one resource in memory at a time, and decrypts nothing: a table of which
// the name or the place is a secret is counted and left out.
//
// A Table owns its name in its own region and in those of the replicas the program asked for; a TableReplica in its own;
// so do aws-native's Table and GlobalTable. A resource that is only read (external) owns nothing, nor does one that is
// to be deleted. One that was deleted to be replaced still does: its stack is about to create it again.
func ReadState(r io.Reader, organization string) (StateTables, error) {
	s := &state{scanner: newScanner(r), organization: organization, providers: map[string]place{}}
	s.top()
	if s.err == nil && s.next() != 0 {
		s.unexpected("the end")
	}
	if s.err != nil {
		return StateTables{}, fmt.Errorf("not a state: %w", s.err)
	}
	return s.found, nil
}

type state struct {
	*scanner
	organization string
	providers    map[string]place // by URN
	found        StateTables
}

// A place is where a provider works, as far as its inputs say.
type place struct{ account, region string }

// top reads {"version", "checkpoint": {"latest": {"resources"}}} or {"version", "deployment": {"resources"}}.
func (s *state) top() {
	known := false
	s.members(func(name string) {
		switch name {
		case "version":
			var version int
			if err := json.Unmarshal(s.value(), &version); s.err == nil && (err != nil || version > newestState) {
				s.fail("version %d is newer than %d, the newest this version of dynamoguard reads; update it", version, newestState)
			}
		case "deployment":
			known = true
			s.deployment()
		case "checkpoint":
			s.members(func(name string) {
				known = known || name == "stack" // alone, of one that was never deployed
				if name == "latest" {
					known = true
					s.deployment()
				} else {
					s.skip()
				}
			})
			if s.err == nil && !known {
				s.fail("the checkpoint has neither a stack nor a latest deployment")
			}
		default:
			s.skip()
		}
	})
	if s.err == nil && !known {
		s.fail("it has neither a checkpoint nor a deployment")
	}
}

// deployment reads the resources of a deployment; a stack that was never deployed has null in its place.
func (s *state) deployment() {
	if s.next() == 'n' {
		s.skip()
		return
	}
	s.members(func(name string) {
		if name != "resources" {
			s.skip()
			return
		}
		switch s.next() {
		case '[':
			s.elements(func(int) { s.resource() })
		case 'n':
			s.skip()
		default:
			s.fail("resources is not a list")
		}
	})
}

// A stateResource is what matters of a resource in a state.
type stateResource struct {
	URN      string         `json:"urn"`
	Type     string         `json:"type"`
	ID       string         `json:"id"`
	Delete   bool           `json:"delete"`
	External bool           `json:"external"`
	Provider string         `json:"provider"` // urn::id
	Inputs   map[string]any `json:"inputs"`
	Outputs  map[string]any `json:"outputs"`
}

func (s *state) resource() {
	text := s.value()
	if s.err != nil {
		return
	}
	typ := typeOf(text)
	if !strings.Contains(typ, "dynamodb") && !strings.HasPrefix(typ, "pulumi:providers:aws") {
		return
	}
	var r stateResource
	if err := json.Unmarshal(text, &r); err != nil {
		// The cause may quote a value.
		s.fail("the resource that ends at byte %d cannot be read", s.before+int64(s.pos))
		return
	}
	if strings.HasPrefix(typ, "pulumi:providers:") {
		at := place{account: account.OfProvider(func(name string) any { return open(r.Inputs[name]) })}
		at.region = textOf(r.Inputs, "region")
		s.providers[r.URN] = at
		return
	}
	if r.Delete || r.External {
		return
	}
	s.claim(&r, s.providers[r.providerURN()])
}

func (r *stateResource) providerURN() string {
	return r.Provider[:max(0, strings.LastIndex(r.Provider, "::"))]
}

// typeOf is the type of a resource, which stands before anything long.
func typeOf(text []byte) (typ string) {
	if !bytes.Contains(text, []byte("dynamodb")) && !bytes.Contains(text, []byte("providers:aws")) {
		return ""
	}
	s := scanBytes(text)
	s.members(func(name string) {
		if name == "type" {
			typ = s.text()
			s.err = io.EOF // enough
		} else {
			s.skip()
		}
	})
	return typ
}

func (s *state) claim(r *stateResource, at place) {
	var names, replicas string // properties
	switch r.Type {
	case "aws:dynamodb/table:Table":
		names, replicas = "name", "regionName"
	case "aws:dynamodb/tableReplica:TableReplica":
		names = "globalTableArn"
	case "aws-native:dynamodb:Table":
		names = "tableName"
	case "aws-native:dynamodb:GlobalTable":
		names, replicas = "tableName", "region"
	default:
		return
	}
	in, out := r.Inputs, r.Outputs
	if in[signature] == secretSignature || out[signature] == secretSignature {
		s.found.Secret++
		return
	}
	for _, v := range []any{in[names], out[names], in["arn"], out["arn"], in["region"], out["region"], in["replicas"]} {
		if hasSecret(v) {
			s.found.Secret++
			return
		}
	}
	parsed, ok := ParseARN(textOf(out, "arn"))
	if names == "globalTableArn" && !ok {
		// Not the replica's own ARN, but that of its table, in another region.
		if parsed, ok = ParseARN(textOf(in, names)); !ok {
			return
		}
		parsed.Region = ""
	}
	e := Entry{
		Partition: parsed.Partition, Account: parsed.Account, Region: parsed.Region, Name: parsed.Name,
		Organization: s.organization, URN: r.URN, Provider: r.providerURN(),
	}
	e.Stack, e.Project = stackOf(r.URN)
	if e.Name == "" {
		e.Name = cmp.Or(textOf(out, names), textOf(in, names), r.ID)
	}
	if e.Account == "" {
		e.Account = at.account
	}
	if e.Region == "" {
		e.Region = cmp.Or(textOf(out, "region"), textOf(in, "region"), at.region)
	}
	if e.Name == "" || e.Project == "" || e.Stack == "" {
		return
	}
	s.add(e)
	if replicas == "" {
		return
	}
	// The inputs say which replicas the program owns; outputs list those of TableReplicas as well.
	list, _ := in["replicas"].([]any)
	for _, element := range list {
		m, _ := element.(map[string]any)
		if region := textOf(m, replicas); region != "" && region != e.Region {
			e := e
			e.Region = region
			s.add(e)
		}
	}
}

func (s *state) add(e Entry) {
	if !validAccount.MatchString(e.Account) || e.Account == account.StandIn {
		e.Account = ""
	}
	if !validRegion.MatchString(e.Region) {
		e.Region = ""
	}
	e.Partition = cmp.Or(e.Partition, partitionOf(e.Region))
	s.found.Entries = append(s.found.Entries, e)
}

// partitionOf is the partition that a region belongs to.
//
// Source: https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
func partitionOf(region string) string {
	switch {
	case region == "":
		return ""
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	case strings.HasPrefix(region, "us-iso-"):
		return "aws-iso"
	case strings.HasPrefix(region, "us-isob-"):
		return "aws-iso-b"
	case strings.HasPrefix(region, "eusc-"):
		return "aws-eusc"
	default:
		return "aws"
	}
}

// stackOf takes the stack and the project from a URN, urn:pulumi:<stack>::<project>::<types>::<name>.
func stackOf(urn string) (stack, project string) {
	rest, ok := strings.CutPrefix(urn, "urn:pulumi:")
	parts := strings.SplitN(rest, "::", 4)
	if !ok || len(parts) != 4 {
		return "", ""
	}
	return parts[0], parts[1]
}

func textOf(m map[string]any, name string) string {
	s, _ := m[name].(string)
	return s
}

// The signature of a value that a state keeps encrypted.
//
// Source: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/sig/sig.go
const (
	signature       = "4dabf18193072939515e22adb298388d"
	secretSignature = "1b47061264138c4ac30d75fd1eb44270"
)

// hasSecret reports whether a value is a secret, or holds one.
func hasSecret(v any) bool {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if hasSecret(e) {
				return true
			}
		}
	case map[string]any:
		if v[signature] == secretSignature {
			return true
		}
		for _, e := range v {
			if hasSecret(e) {
				return true
			}
		}
	}
	return false
}

// open is a value, or nothing where it holds a secret.
func open(v any) any {
	if hasSecret(v) {
		return nil
	}
	return v
}
