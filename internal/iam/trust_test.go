package iam

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// trustCases are worked cases of one file. A provider is the URL of an OIDC provider, one of IAM's own, or saml-provider/NAME; the
// page decides the case. Both are the file's where a case says nothing.
type trustCases struct {
	Provider string `yaml:"provider"`
	Page     string `yaml:"page"`
	Cases    []struct {
		ID        string            `yaml:"id"`
		Why       string            `yaml:"why"`
		Page      string            `yaml:"page"`
		Provider  string            `yaml:"provider"`
		Principal map[string]string `yaml:"principal"` // in place of a provider
		Action    string            `yaml:"action"`    // sts:AssumeRoleWithWebIdentity where it is absent
		If        conditions        `yaml:"if"`
		Deny      conditions        `yaml:"deny"` // of a Deny besides, for everyone
		Want      []string          `yaml:"want"`
	} `yaml:"cases"`
}

// conditions are those of a statement. A key without a colon is a claim of the provider.
type conditions map[string]map[string]any

func (c conditions) of(provider string) map[string]map[string]any {
	full := map[string]map[string]any{}
	for operator, keys := range c {
		full[operator] = map[string]any{}
		for key, values := range keys {
			if !strings.Contains(key, ":") {
				key = provider + ":" + key
			}
			full[operator][key] = values
		}
	}
	return full
}

// TestTrustGaps works the cases of testdata/iam/trust.
func TestTrustGaps(t *testing.T) {
	files, err := filepath.Glob("../../testdata/iam/trust/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		decoder := yaml.NewDecoder(bytes.NewReader(data))
		decoder.KnownFields(true)
		var all trustCases
		if err := decoder.Decode(&all); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, c := range all.Cases {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml")+"/"+c.ID, func(t *testing.T) {
				if !strings.HasPrefix(either(c.Page, all.Page), "https://") {
					t.Errorf("no page decides it")
				}
				provider := either(c.Provider, all.Provider)
				principal := any(c.Principal)
				if c.Principal == nil {
					principal = map[string]string{"Federated": federated(provider)}
				}
				statements := []map[string]any{{
					"Effect": "Allow", "Principal": principal, "Action": either(c.Action, "sts:AssumeRoleWithWebIdentity"),
					"Condition": c.If.of(provider),
				}}
				if c.Deny != nil {
					statements = append(statements, map[string]any{
						"Effect": "Deny", "Principal": "*", "Action": "sts:*", "Condition": c.Deny.of(provider),
					})
				}
				text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
				if err != nil {
					t.Fatal(err)
				}
				d := Parse(string(text), Trust)
				if len(d.Errors) > 0 {
					t.Fatalf("%s: %v", text, d.Errors)
				}
				var got []string
				for _, g := range d.TrustGaps() {
					got = append(got, said(g, provider))
				}
				if !slices.Equal(got, c.Want) {
					t.Errorf("%s:\n got %q\nwant %q\n%s", c.Why, got, c.Want, text)
				}
			})
		}
	}
}

func either(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// federated is the principal that a provider is.
func federated(provider string) string {
	switch {
	case slices.Contains([]string{"cognito-identity.amazonaws.com", "accounts.google.com", "graph.facebook.com"}, provider):
		return provider
	case strings.HasPrefix(provider, "saml-provider/"):
		return "arn:aws:iam::111122223333:" + provider
	}
	return "arn:aws:iam::111122223333:oidc-provider/" + provider
}

// said writes a gap as the cases do.
func said(g TrustGap, provider string) string {
	claim := strings.TrimPrefix(g.Key, strings.TrimSuffix(provider, "/")+":")
	claim = strings.TrimPrefix(claim, provider+":")
	breadth := map[Breadth]string{0: "pinned", Project: "project", Organization: "organization", Anyone: "everyone"}[g.Breadth]
	if g.Refused {
		breadth += ", refused"
	}
	switch g.Problem {
	case AnyAudience:
		return "any audience: " + claim
	case Vacuous:
		return fmt.Sprintf("vacuous: %s %s", g.Operator, claim)
	case NoMatch:
		return fmt.Sprintf("no match: %s %q", g.Operator, g.Value)
	case OpenToAll:
		return "open to all"
	case Guests:
		if g.Value == "" {
			return "guests: no " + claim
		}
		return fmt.Sprintf("guests: %s %q", claim, g.Value)
	case TooWide:
		return fmt.Sprintf("%s: %s %q: %s", breadth, claim, g.Value, g.Admits)
	}
	return fmt.Sprintf("%s: no %s: %s", breadth, claim, g.Admits)
}
