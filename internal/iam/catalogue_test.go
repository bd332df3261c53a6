package iam

import (
	"math/rand/v2"
	"strings"
	"testing"

	"dynamoguard/internal/glob"
)

func TestCatalogue(t *testing.T) {
	actions := Actions()
	if len(actions) != 109 {
		t.Fatalf("%d actions", len(actions))
	}
	var noResource, optional []*Action
	for i, a := range actions {
		if int(a.index) != i || LookupAction(a.String()) != a || LookupAction(strings.ToUpper(a.String())) != a {
			t.Errorf("%s is not found where it is", a)
		}
		if len(a.Name) > 62 || strings.Trim(strings.ToLower(a.Name), "abcdefghijklmnopqrstuvwxyz") != "" {
			t.Errorf("%s does not fit the name matcher", a)
		}
		if a.Types() == 0 {
			noResource = append(noResource, a)
		} else if a.Required == 0 {
			optional = append(optional, a)
		}
		if (a.Class == Permissions) != (a.Level&LevelPermissions != 0) || (a.Class == Tagging) != (a.Level&LevelTagging != 0) {
			t.Errorf("%s is of class %s, level %s", a, a.Class, a.Level)
		}
		if byName := strings.HasPrefix(a.Name, "Describe") || strings.HasPrefix(a.Name, "List"); (a.Class == Metadata) != byName {
			t.Errorf("%s is of class %s", a, a.Class)
		}
		for on := range actionsOn {
			r := ResourceTypes(1 << on)
			if want := a.Types()&r != 0 || r == NoResource && a.Required == 0; actionsOf(r).Has(a) != want {
				t.Errorf("%s on %s: %v", a, r, !want)
			}
		}
	}
	const none = "dynamodb:DescribeEndpoints dynamodb:DescribeLimits dynamodb:DescribeReservedCapacity dynamodb:DescribeReservedCapacityOfferings " +
		"dynamodb:GetAbacStatus dynamodb:InjectError dynamodb:ListBackups dynamodb:ListContributorInsights dynamodb:ListGlobalTables " +
		"dynamodb:ListStreams dynamodb:ListTables dynamodb:PurchaseReservedCapacityOfferings dynamodb:UpdateAbacStatus " +
		"dax:CreateParameterGroup dax:CreateSubnetGroup dax:DeleteParameterGroup dax:DeleteSubnetGroup dax:DescribeDefaultParameters " +
		"dax:DescribeEvents dax:DescribeParameterGroups dax:DescribeParameters dax:DescribeSubnetGroups dax:UpdateParameterGroup dax:UpdateSubnetGroup"
	if got := names(noResource); got != none {
		t.Errorf("no resource: %s", got)
	}
	if got := names(optional); got != "dynamodb:ListExports dynamodb:ListImports dax:DescribeClusters" {
		t.Errorf("optional resource: %s", got)
	}
}

func TestLookupAction(t *testing.T) {
	tests := []struct{ name, want string }{
		{"dynamodb:GetItem", "dynamodb:GetItem"},
		{"DYNAMODB:getITEM", "dynamodb:GetItem"},
		{"dax:getitem", "dax:GetItem"},
		{"dax:DeleteTable", ""},
		{"dynamodb:GetItems", ""},
		{"dynamodb:ExecuteStatement", ""}, // an API, but no action
		{"dynamodb:", ""},
		{"GetItem", ""},
		{"s3:GetObject", ""},
		{"dynamodb:Reboot\u212aey", ""},
	}
	for _, tt := range tests {
		got := ""
		if a := LookupAction(tt.name); a != nil {
			got = a.String()
		}
		if got != tt.want {
			t.Errorf("%s: got %q", tt.name, got)
		}
	}
}

func TestActionStrings(t *testing.T) {
	a := LookupAction("dynamodb:PutResourcePolicy")
	if a.Level.String() != "Permissions management, Write" || a.Class.String() != "permissions management" || a.Types().String() != "table, stream" {
		t.Errorf("%s: %s, %s, %s", a, a.Level, a.Class, a.Types())
	}
}

func TestWorst(t *testing.T) {
	tests := []struct{ pattern, want string }{
		{"*", "dynamodb:DeleteTable"},
		{"dynamodb:*Policy", "dynamodb:DeleteResourcePolicy"},
		{"dynamodb:Delete*", "dynamodb:DeleteTable"},
		{"dynamodb:*Backup*", "dynamodb:DeleteBackup"},
		{"dynamodb:Export*", "dynamodb:ExportTableToPointInTime"},
		{"dynamodb:*Item", "dynamodb:BatchWriteItem"},
		{"dynamodb:Get*", "dynamodb:GetItem"},
		{"dynamodb:*Tag*", "dynamodb:TagResource"},
		{"dax:Describe*", "dax:DescribeClusters"},
	}
	for _, tt := range tests {
		if got := MatchActions(tt.pattern).Worst(); got.String() != tt.want {
			t.Errorf("%s: got %s", tt.pattern, got)
		}
	}
	if (ActionSet{}).Worst() != nil {
		t.Error("the empty set has a worst action")
	}
}

// The matcher of all names at once agrees with the plain one.
func TestMatchActionsAgreesWithGlob(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		pattern := []byte(catalogue[random.IntN(len(catalogue))].Name)
		for range random.IntN(8) {
			i := random.IntN(len(pattern))
			switch random.IntN(4) {
			case 0:
				pattern[i] = '*'
			case 1:
				pattern[i] = '?'
			case 2:
				pattern = append(pattern[:i], pattern[i+random.IntN(len(pattern)-i):]...)
				pattern = append(pattern, '*')
			case 3:
				pattern[i] = "abeimtAZ-:1\xc3"[random.IntN(12)]
			}
		}
		for _, service := range []string{"dynamodb", "DAX", "*"} {
			text := service + ":" + string(pattern)
			set := MatchActions(text)
			for i := range catalogue {
				a := &catalogue[i]
				want := glob.MatchFold(service, a.Service) && glob.MatchFold(string(pattern), a.Name)
				if set.Has(a) != want {
					t.Fatalf("%q and %s: %v", text, a, !want)
				}
			}
		}
	}
}
