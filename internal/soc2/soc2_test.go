package soc2

import (
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// trustServices are the identifiers of the Trust Services Criteria, https://www.aicpa-cima.com/resources/download/2017-trust-services-criteria-with-revised-points-of-focus-2022.
var trustServices = regexp.MustCompile(`^(CC1\.[1-5]|CC2\.[1-3]|CC3\.[1-4]|CC4\.[12]|CC5\.[1-3]|CC6\.[1-8]|CC7\.[1-5]|CC8\.1|CC9\.[12]|A1\.[1-3]|C1\.[12]|PI1\.[1-5]|P[1-8]\.[0-9])$`)

// forms are how the standards write their identifiers.
var forms = map[Standard]*regexp.Regexp{
	NIST:  regexp.MustCompile(`^(AC|AT|AU|CA|CM|CP|IA|IR|MA|MP|PE|PL|PM|PS|PT|RA|SA|SC|SI|SR)-[1-9]\d?(\([1-9]\d?\))?(\([a-z]\))?$`),
	PCI:   regexp.MustCompile(`^(1[0-2]|[1-9])\.\d{1,2}\.\d{1,2}(\.\d{1,2})?$`),
	CIS:   regexp.MustCompile(`^[1-5]\.[1-9]\d?(\.\d)?$`),
	HIPAA: regexp.MustCompile(`^164\.(308\(a\)\([1-8]\)|310\([a-d]\)|312\([a-e]\)|314\([ab]\)|316\([ab]\))(\([1-9]\))?(\((i|ii|iii|iv)\))?(\([A-F]\))?$`),
	ISO:   regexp.MustCompile(`^A\.(5\.([1-9]|[12]\d|3[0-7])|6\.[1-8]|7\.([1-9]|1[0-4])|8\.([1-9]|[12]\d|3[0-4]))$`),
}

// TestCriteria: identifiers are those of the Trust Services Criteria (scanners have invented some that are not, CC8.2
// among them), each once, with a summary.
func TestCriteria(t *testing.T) {
	seen := map[ID]bool{}
	for _, c := range Criteria {
		if !trustServices.MatchString(string(c.ID)) || c.Summary == "" || seen[c.ID] {
			t.Errorf("%+v", c)
		}
		seen[c.ID] = true
		if found, ok := Lookup(c.ID); !ok || found != c {
			t.Errorf("%s is not found", c.ID)
		}
	}
	if _, ok := Lookup("CC8.2"); ok {
		t.Error("CC8.2 is found, and does not exist")
	}
	if got := Join([]ID{"CC6.1", "A1.2"}); got != "CC6.1, A1.2" {
		t.Error(got)
	}
}

// TestControls: a control has a source that is listed, is written in the form of its standards, and says nothing twice.
func TestControls(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Controls {
		name := string(c.Source) + " " + c.ID
		listed := slices.ContainsFunc(Sources, func(s Origin) bool { return s.Source == c.Source && s.URL != "" })
		switch own := c.Source == Own; {
		case own == listed, own != (c.ID == ""):
			t.Errorf("%s: a control has a listed source and its name there, and what is our own has neither", name)
		case own && (c.Analogue || c.Criteria != nil):
			t.Errorf("%s: a criterion is our own where nobody else maps it", name)
		case len(c.Policies) == 0, len(c.Criteria)+len(c.Maps) == 0:
			t.Errorf("%s: it maps nothing", name)
		case !own && seen[name]:
			t.Errorf("%s is there twice", name)
		}
		seen[name] = true
		for _, id := range c.Criteria {
			if !trustServices.MatchString(string(id)) {
				t.Errorf("%s: %s is no criterion", name, id)
			}
		}
		for standard, ids := range c.Maps {
			if forms[standard] == nil || len(ids) == 0 {
				t.Errorf("%s: %q is not listed, or names nothing", name, standard)
				continue
			}
			for i, id := range ids {
				if !forms[standard].MatchString(id) || slices.Contains(ids[:i], id) {
					t.Errorf("%s: %s %s", name, standard, id)
				}
			}
		}
	}
	for _, s := range Standards {
		if forms[s.Standard] == nil || s.Name == "" {
			t.Errorf("%+v", s)
		}
	}
	if len(Standards) != len(forms) {
		t.Errorf("%d standards, and %d forms", len(Standards), len(forms))
	}
}

// TestForms: what a form is for is told from what only looks like it.
func TestForms(t *testing.T) {
	for _, c := range []struct {
		standard Standard
		id       string
		ok       bool
	}{
		{NIST, "AC-6(10)", true}, {NIST, "CP-9(d)", true}, {NIST, "AC-06", false}, {NIST, "XX-1", false}, {NIST, "CP-9(1)(2)", false},
		{PCI, "3.3.1.1", true}, {PCI, "10.5.1", true}, {PCI, "13.1.1", false}, {PCI, "7.2", false}, {PCI, "10.3.3.9.1", false},
		{CIS, "1.15", true}, {CIS, "1.0", false}, {CIS, "v5.0.0/1.15", false},
		{HIPAA, "164.308(a)(7)(ii)(A)", true}, {HIPAA, "164.312(b)", true}, {HIPAA, "164.308(a)(9)", false}, {HIPAA, "164_312_b", false},
		{ISO, "A.8.34", true}, {ISO, "A.5.37", true}, {ISO, "A.5.38", false}, {ISO, "A.9.1", false}, {ISO, "8.24", false},
	} {
		if forms[c.standard].MatchString(c.id) != c.ok {
			t.Errorf("%s %s: want %v", c.standard, c.id, c.ok)
		}
	}
}

// TestCrosswalk: what several controls map is there once, with all of them, by standard.
func TestCrosswalk(t *testing.T) {
	var got []string
	for _, r := range Crosswalk("dax-encryption-in-transit") {
		got = append(got, r.Tag()+": "+JoinBasis(r.Basis))
	}
	const prowler = ": peer: Prowler dynamodb_accelerator_cluster_in_transit_encryption_enabled"
	if diff := cmp.Diff([]string{
		"nist-800-53-r5:AC-17: peer: AWS Security Hub DynamoDB.7",
		"nist-800-53-r5:SC-8: peer: AWS Security Hub DynamoDB.7",
		"nist-800-53-r5:SC-13: peer: AWS Security Hub DynamoDB.7",
		"nist-800-53-r5:SC-23: peer: AWS Security Hub DynamoDB.7",
		"pci-dss-v4:2.2.7" + prowler,
		"pci-dss-v4:4.2.1" + prowler,
		"iso-27001-2022:A.8.12" + prowler,
		"iso-27001-2022:A.8.24" + prowler,
		"iso-27001-2022:A.5.14: peer: Pulumi Cloud dax-cluster-endpoint-encryption",
	}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, r := range Crosswalk("iam-wildcard-action") {
		if got := JoinBasis(r.Basis); r.ID == "AC-6" && got != "peer: AWS Security Hub IAM.1, AWS Security Hub IAM.21" {
			t.Error(got)
		}
	}
	for _, r := range Crosswalk("table-name-collision") {
		if got := JoinBasis(r.Basis); got != "own" {
			t.Errorf("%s: %s", r.Tag(), got)
		}
	}
	if got := Crosswalk("no-policy"); got != nil {
		t.Error(got)
	}
}

func TestBasis(t *testing.T) {
	for _, c := range []struct {
		policy string
		id     ID
		want   string
	}{
		{"table-point-in-time-recovery", "A1.2",
			"peer: Prowler dynamodb_tables_pitr_enabled, Powerpipe dynamodb_table_point_in_time_recovery_enabled"},
		{"table-point-in-time-recovery", "CC7.5", "own"},
		{"iam-sensitive-action", "CC3.3", "peer: Prowler iam_inline_policy_allows_privilege_escalation (of another service)"},
		{"table-name-collision", "CC8.1", "own"},
	} {
		if got := JoinBasis(Basis(c.policy, c.id)); got != c.want {
			t.Errorf("%s %s: %s", c.policy, c.id, got)
		}
	}
}
