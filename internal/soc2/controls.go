package soc2

// A Source is who says that a control belongs to a criterion or a requirement.
type Source string

const (
	SecurityHub     Source = "AWS Security Hub"
	Prowler         Source = "Prowler"
	Powerpipe       Source = "Powerpipe" // its AWS compliance mod, which follows AWS Audit Manager
	ServiceScreener Source = "AWS Service Screener"
	PulumiCloud     Source = "Pulumi Cloud"
	Own             Source = "own"
)

// An Origin is where a source publishes its mappings.
type Origin struct {
	Source Source
	URL    string
}

// Sources are all of them.
var Sources = []Origin{
	{SecurityHub, "https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-controls-reference.html"},
	{Prowler, "https://github.com/prowler-cloud/prowler/tree/master/prowler/compliance/aws"},
	{Powerpipe, "https://hub.powerpipe.io/mods/turbot/aws_compliance"},
	{ServiceScreener, "https://github.com/aws-samples/service-screener-v2/tree/main/frameworks"},
	{PulumiCloud, "https://www.pulumi.com/docs/insights/policy/policy-packs/pre-built-packs/"},
}

// A Control is a control of a source, the policies that ask what it asks, and what the source maps it to. What a source maps a
// control to is its own statement; that a policy asks the same is this project's.
type Control struct {
	Source Source
	ID     string // what the source calls it; empty where the mapping is this project's own
	// Analogue: it asks the same of another service, because the source asks nothing of the kind of DynamoDB.
	Analogue bool
	Policies []string
	Criteria []ID
	Maps     map[Standard][]string
}

// Controls are all that is known of who maps what. A mapping that no source makes stands with Own.
var Controls = []Control{
	// Recovery and availability
	{Source: SecurityHub, ID: "DynamoDB.2", Policies: []string{"table-point-in-time-recovery"}, Maps: map[Standard][]string{
		NIST: {"CP-6(2)", "CP-9", "CP-10", "SC-5(2)", "SI-12", "SI-13(5)"},
	}},
	{Source: Prowler, ID: "dynamodb_tables_pitr_enabled", Policies: []string{"table-point-in-time-recovery"},
		Criteria: []ID{"CC7.4", "A1.2"}, Maps: map[Standard][]string{
			PCI: {"3.2.1", "3.3.2", "3.3.3", "10.3.3", "10.5.1"},
			HIPAA: {"164.308(a)(1)(ii)(B)", "164.308(a)(7)(i)", "164.308(a)(7)(ii)(A)", "164.308(a)(7)(ii)(B)", "164.308(a)(7)(ii)(C)",
				"164.312(a)(2)(ii)"},
		}},
	{Source: Powerpipe, ID: "dynamodb_table_point_in_time_recovery_enabled", Policies: []string{"table-point-in-time-recovery"},
		Criteria: []ID{"CC7.4", "A1.2"}},
	{Source: PulumiCloud, ID: "dynamodb-point-in-time-recovery-enabled", Policies: []string{"table-point-in-time-recovery"},
		Maps: map[Standard][]string{ISO: {"A.5.29", "A.5.30", "A.8.13"}}},
	{Source: SecurityHub, ID: "DynamoDB.4", Policies: []string{"table-backup-plan"}, Maps: map[Standard][]string{
		NIST: {"CP-6", "CP-6(1)", "CP-6(2)", "CP-9", "CP-10", "SC-5(2)", "SI-12", "SI-13(5)"},
	}},
	{Source: Prowler, ID: "dynamodb_table_protected_by_backup_plan", Policies: []string{"table-backup-plan"},
		Maps: map[Standard][]string{ISO: {"A.8.14"}}},
	{Source: Powerpipe, ID: "dynamodb_table_protected_by_backup_plan", Policies: []string{"table-backup-plan"},
		Criteria: []ID{"CC7.4", "A1.2"}},
	{Source: ServiceScreener, ID: "backup.resourcesProtectedByBackupPlan", Policies: []string{"table-backup-plan"},
		Criteria: []ID{"CC7.3", "A1.2", "A1.3"}},
	{Source: Own, Policies: []string{"table-backup-plan"}, Maps: map[Standard][]string{
		PCI:   {"10.3.3"},
		HIPAA: {"164.308(a)(7)(ii)(A)"},
		ISO:   {"A.8.13"},
	}},
	{Source: SecurityHub, ID: "DynamoDB.6", Policies: []string{"table-deletion-protection"}, Maps: map[Standard][]string{
		NIST: {"CA-9(1)", "CM-2", "CM-2(2)", "CM-3", "SC-5(2)"},
	}},
	{Source: Powerpipe, ID: "rds_db_instance_deletion_protection_enabled", Analogue: true, Policies: []string{"table-deletion-protection"},
		Criteria: []ID{"C1.1"}},
	{Source: SecurityHub, ID: "DynamoDB.1", Policies: []string{"table-capacity"}, Maps: map[Standard][]string{
		NIST: {"CP-2(2)", "CP-6(2)", "CP-10", "SC-5(2)", "SC-36", "SI-13(5)"},
	}},
	{Source: Own, Policies: []string{"table-capacity"}, Maps: map[Standard][]string{ISO: {"A.8.6"}}},
	{Source: Prowler, ID: "dynamodb_accelerator_cluster_multi_az", Policies: []string{"dax-multi-az"}, Maps: map[Standard][]string{
		ISO: {"A.8.14"},
	}},
	{Source: Own, Policies: []string{"dax-multi-az"}, Maps: map[Standard][]string{NIST: {"CP-10"}}},

	// Encryption
	{Source: Prowler, ID: "dynamodb_tables_kms_cmk_encryption_enabled", Policies: []string{"table-encryption"},
		Criteria: []ID{"PI1.5"}, Maps: map[Standard][]string{
			NIST:  {"AU-9(3)", "CP-9(d)", "SC-8(3)", "SC-8(4)", "SC-13(a)", "SC-28(1)", "SI-19(4)"},
			PCI:   {"3.5.1", "8.3.2"},
			HIPAA: {"164.308(a)(4)(ii)(A)", "164.312(a)(2)(iv)", "164.312(e)(2)(ii)"},
			ISO:   {"A.8.5", "A.8.11", "A.8.24"},
		}},
	{Source: Powerpipe, ID: "rds_db_instance_encryption_at_rest_enabled", Analogue: true, Policies: []string{"table-encryption"},
		Criteria: []ID{"CC6.1", "CC6.2"}},
	{Source: PulumiCloud, ID: "dynamodb-kms-encryption-enabled", Policies: []string{"table-encryption"}, Maps: map[Standard][]string{
		NIST: {"SC-28"},
		PCI:  {"3.6.1"},
		ISO:  {"A.5.33"},
	}},
	{Source: SecurityHub, ID: "DynamoDB.3", Policies: []string{"dax-encryption-at-rest"}, Maps: map[Standard][]string{
		NIST: {"CA-9(1)", "CM-3(6)", "SC-7(10)", "SC-13", "SC-28", "SC-28(1)", "SI-7(6)"},
	}},
	{Source: Prowler, ID: "dynamodb_accelerator_cluster_encryption_enabled", Policies: []string{"dax-encryption-at-rest"},
		Maps: map[Standard][]string{
			PCI:   {"3.5.1", "8.3.2"},
			HIPAA: {"164.308(a)(4)(ii)(A)", "164.312(a)(2)(iv)", "164.312(e)(2)(ii)"},
			ISO:   {"A.8.11", "A.8.24"},
		}},
	{Source: PulumiCloud, ID: "dax-cluster-encryption-at-rest", Policies: []string{"dax-encryption-at-rest"},
		Maps: map[Standard][]string{ISO: {"A.5.33"}}},
	{Source: SecurityHub, ID: "DynamoDB.7", Policies: []string{"dax-encryption-in-transit"}, Maps: map[Standard][]string{
		NIST: {"AC-17", "SC-8", "SC-13", "SC-23"},
	}},
	{Source: Prowler, ID: "dynamodb_accelerator_cluster_in_transit_encryption_enabled", Policies: []string{"dax-encryption-in-transit"},
		Criteria: []ID{"CC6.7"}, Maps: map[Standard][]string{
			PCI: {"2.2.7", "4.2.1"},
			ISO: {"A.8.12", "A.8.24"},
		}},
	{Source: PulumiCloud, ID: "dax-cluster-endpoint-encryption", Policies: []string{"dax-encryption-in-transit"},
		Maps: map[Standard][]string{ISO: {"A.5.14"}}},
	{Source: Own, Policies: []string{"table-export-encryption"}, Maps: map[Standard][]string{
		NIST:  {"SC-28", "SC-28(1)"},
		PCI:   {"3.5.1"},
		HIPAA: {"164.312(a)(2)(iv)"},
		ISO:   {"A.8.24"},
	}},

	// Least privilege
	{Source: SecurityHub, ID: "IAM.1", Policies: []string{"iam-wildcard-action", "iam-unscoped-resource"}, Maps: map[Standard][]string{
		NIST: {"AC-2", "AC-2(1)", "AC-3", "AC-3(7)", "AC-3(15)", "AC-5", "AC-6", "AC-6(2)", "AC-6(3)", "AC-6(10)"},
	}},
	{Source: SecurityHub, ID: "IAM.21", Policies: []string{"iam-wildcard-action"}, Maps: map[Standard][]string{
		NIST: {"AC-2", "AC-2(1)", "AC-3", "AC-3(7)", "AC-3(15)", "AC-5", "AC-6", "AC-6(2)", "AC-6(3)", "AC-6(10)"},
	}},
	{Source: Prowler, ID: "iam_customer_attached_policy_no_administrative_privileges",
		Policies: []string{"iam-wildcard-action", "iam-unscoped-resource"}, Criteria: []ID{"CC1.3", "CC6.3"}, Maps: map[Standard][]string{
			CIS: {"1.15"},
			HIPAA: {"164.308(a)(1)(ii)(B)", "164.308(a)(3)(i)", "164.308(a)(3)(ii)(B)", "164.308(a)(4)(i)", "164.308(a)(4)(ii)(B)",
				"164.308(a)(4)(ii)(C)", "164.312(a)(1)"},
			ISO: {"A.5.18", "A.8.2"},
		}},
	{Source: Prowler, ID: "iam_aws_attached_policy_no_administrative_privileges", Policies: []string{"iam-broad-managed-policy"},
		Criteria: []ID{"CC1.3", "CC6.3"}, Maps: map[Standard][]string{
			CIS: {"1.15"},
			HIPAA: {"164.308(a)(1)(ii)(B)", "164.308(a)(3)(i)", "164.308(a)(3)(ii)(B)", "164.308(a)(4)(i)", "164.308(a)(4)(ii)(B)",
				"164.308(a)(4)(ii)(C)", "164.312(a)(1)"},
			ISO: {"A.5.18", "A.8.2"},
		}},
	{Source: Prowler, ID: "bedrock_full_access_policy_attached", Analogue: true, Policies: []string{"iam-broad-managed-policy"},
		Criteria: []ID{"CC6.3"}, Maps: map[Standard][]string{ISO: {"A.8.2"}}},
	{Source: Own, Policies: []string{"iam-broad-managed-policy"}, Maps: map[Standard][]string{NIST: {"AC-3", "AC-6"}}},
	{Source: Powerpipe, ID: "iam_policy_no_star_star", Policies: []string{"iam-wildcard-action", "iam-unscoped-resource"},
		Criteria: []ID{"CC1.3", "CC6.1", "CC6.2", "CC6.3"}},
	{Source: ServiceScreener, ID: "iam.noFullAdminPolicies", Policies: []string{"iam-wildcard-action", "iam-unscoped-resource"},
		Criteria: []ID{"CC6.3"}},
	{Source: PulumiCloud, ID: "iam-policy-least-privilege", Policies: []string{"iam-wildcard-action", "iam-unscoped-resource"},
		Maps: map[Standard][]string{PCI: {"7.2.1", "7.2.2", "7.3.1"}}},
	{Source: Prowler, ID: "iam_inline_policy_allows_privilege_escalation", Analogue: true, Policies: []string{"iam-sensitive-action"},
		Criteria: []ID{"CC3.3"}},
	{Source: Own, Policies: []string{"iam-sensitive-action"}, Maps: map[Standard][]string{
		NIST: {"AC-5", "AC-6(1)"},
		PCI:  {"7.2.2"},
		ISO:  {"A.8.2"},
	}},
	{Source: Own, Policies: []string{"iam-document", "iam-ineffective-statement"}, Maps: map[Standard][]string{
		NIST: {"AC-3"},
		ISO:  {"A.5.15"},
	}},
	{Source: Own, Policies: []string{"iam-item-level-condition"}, Maps: map[Standard][]string{
		NIST:  {"AC-3", "AC-6"},
		HIPAA: {"164.312(a)(1)"},
		ISO:   {"A.8.3"},
	}},
	{Source: Own, Policies: []string{"iam-dangling-table"}, Maps: map[Standard][]string{
		NIST: {"AC-6"},
		ISO:  {"A.5.18"},
	}},
	{Source: Own, Policies: []string{"iam-cross-environment-grant"}, Maps: map[Standard][]string{
		NIST: {"AC-6", "CM-4(1)"},
		PCI:  {"6.5.3"},
		ISO:  {"A.8.31"},
	}},

	// Identity
	{Source: SecurityHub, ID: "IAM.2", Policies: []string{"iam-user-access"}, Maps: map[Standard][]string{
		NIST: {"AC-2", "AC-2(1)", "AC-3", "AC-3(7)", "AC-3(15)", "AC-6", "AC-6(3)"},
	}},
	{Source: Prowler, ID: "iam_policy_attached_only_to_group_or_roles", Policies: []string{"iam-user-access"},
		Criteria: []ID{"CC1.3"}, Maps: map[Standard][]string{
			CIS: {"1.14"},
			ISO: {"A.5.15"},
		}},
	{Source: Powerpipe, ID: "iam_user_no_inline_attached_policies", Policies: []string{"iam-user-access"},
		Criteria: []ID{"CC1.3", "CC6.1", "CC6.2", "CC6.3"}},
	{Source: Own, Policies: []string{"iam-oidc-trust"}, Maps: map[Standard][]string{
		NIST:  {"AC-3", "IA-8", "IA-9"},
		HIPAA: {"164.312(d)"},
		ISO:   {"A.5.16", "A.8.5"},
	}},
	{Source: Own, Policies: []string{"iam-session-duration"}, Maps: map[Standard][]string{
		NIST:  {"AC-12"},
		HIPAA: {"164.312(a)(2)(iii)"},
		ISO:   {"A.8.5"},
	}},
	{Source: Own, Policies: []string{"iam-shared-role"}, Maps: map[Standard][]string{
		NIST: {"AC-2(9)", "AC-6"},
		PCI:  {"7.2.5"},
		ISO:  {"A.5.16"},
	}},

	// What lets others in
	{Source: Prowler, ID: "s3_bucket_public_access", Analogue: true, Policies: []string{"table-resource-policy"},
		Criteria: []ID{"CC6.1"}, Maps: map[Standard][]string{
			HIPAA: {"164.308(a)(1)(ii)(B)", "164.308(a)(3)(i)", "164.312(a)(1)", "164.312(a)(2)(i)"},
		}},
	{Source: Powerpipe, ID: "s3_bucket_policy_restrict_public_access", Analogue: true, Policies: []string{"table-resource-policy"},
		Criteria: []ID{"CC6.1", "CC6.2", "CC6.3", "CC6.6"}},
	{Source: Own, Policies: []string{"table-resource-policy"}, Maps: map[Standard][]string{
		NIST: {"AC-3", "AC-6", "SC-7"},
		PCI:  {"7.2.1"},
		ISO:  {"A.8.3"},
	}},
	{Source: Own, Policies: []string{"vpc-endpoint-policy"}, Maps: map[Standard][]string{
		NIST: {"AC-4", "SC-7"},
		ISO:  {"A.8.22"},
	}},

	// Names, tags and records
	{Source: Own, Policies: []string{"table-name-collision"}, Maps: map[Standard][]string{
		NIST: {"CM-3", "CM-8"},
		ISO:  {"A.8.32"},
	}},
	{Source: Own, Policies: []string{"table-name-pattern"}, Maps: map[Standard][]string{
		NIST: {"CM-8"},
		ISO:  {"A.5.9"},
	}},
	{Source: Own, Policies: []string{"table-required-tags"}, Maps: map[Standard][]string{
		NIST: {"CM-8"},
		ISO:  {"A.5.12", "A.5.13"},
	}},
	{Source: Prowler, ID: "cloudtrail_s3_dataevents_read_enabled", Analogue: true, Policies: []string{"audit-data-events"},
		Criteria: []ID{"CC2.1", "CC7.2"}, Maps: map[Standard][]string{
			HIPAA: {"164.308(a)(1)(ii)(D)", "164.308(a)(3)(ii)(A)", "164.308(a)(6)(ii)", "164.312(a)(2)(i)", "164.312(b)"},
			ISO:   {"A.8.15", "A.8.16"},
		}},
	{Source: Powerpipe, ID: "cloudtrail_s3_data_events_enabled", Analogue: true, Policies: []string{"audit-data-events"},
		Criteria: []ID{"CC7.2"}},
	{Source: Own, Policies: []string{"audit-data-events"}, Maps: map[Standard][]string{
		NIST: {"AU-2", "AU-12"},
		PCI:  {"10.2.1"},
	}},
	{Source: Own, Policies: []string{"table-stream"}, Maps: map[Standard][]string{
		NIST:  {"AU-12"},
		HIPAA: {"164.312(b)"},
		ISO:   {"A.8.15"},
	}},
}

// An Omission is a criterion that a source maps a control to and this pack does not.
type Omission struct {
	ID     ID
	Policy string // that asks what the control asks; empty where it is left out of all
	Why    string
}

// LeftOut are all of them.
var LeftOut = []Omission{
	{"CC1.3", "", "structures and reporting lines are not in a program's resources"},
	{"CC2.1", "", "which information internal control runs on is the organization's to say; the same records are evidence for CC7.2"},
	{"CC7.3", "table-backup-plan", "a backup evaluates no event"},
	{"CC7.4", "table-backup-plan", "a plan restores the last backup, table-point-in-time-recovery the second before an incident"},
	{"PI1.5", "", "a key keeps items secret, and neither complete nor accurate"},
	{"CC6.2", "iam-wildcard-action", "how principals are registered does not show in what they are granted"},
	{"CC6.2", "iam-unscoped-resource", "how principals are registered does not show in what they are granted"},
	{"CC6.2", "table-encryption", "how users are registered does not show in the key of a table"},
	{"CC6.2", "table-resource-policy", "how principals are registered does not show in what they are granted"},
	{"CC6.3", "table-resource-policy", "it says who is let in from elsewhere; least privilege within the account is what the policies on grants are about"},
	{"CC6.3", "iam-user-access", "it says that users reach items, not that they may do more than they need"},
	{"C1.1", "table-deletion-protection", "it keeps a table from being lost, and nobody from reading it"},
}
