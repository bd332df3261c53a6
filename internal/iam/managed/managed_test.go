package managed

import (
	"testing"

	"dynamoguard/internal/iam"

	"github.com/google/go-cmp/cmp"
)

// tiers are the names of the policies of each tier. They were compared with an evaluation by other means, of documents of
// another source, which agreed on every action of every policy that both have.
var tiers = map[Tier][]string{
	Admin: {
		"AIDevOpsAgentActionsPolicy", "AWSElasticBeanstalkFullAccess", "AWSLambdaFullAccess", "AdministratorAccess",
		"AmazonDynamoDBFullAccess", "AmazonDynamoDBFullAccess_v2", "AmazonDynamoDBFullAccesswithDataPipeline",
		"AmazonEC2RoleforDataPipelineRole", "AmazonElasticMapReduceforEC2Role", "DataScientist", "DatabaseAdministrator",
		"PowerUserAccess",
	},
	UnscopedDataWrite: {
		"AWSBackupServiceRolePolicyForRestores", "AWSIoTRuleActions", "ConsoleFullAccessFromVercel",
		"DynamoDBReplicationServiceRolePolicy",
	},
	UnscopedDataRead: {
		"AWSDataPipelineRole", "AWSLambdaDynamoDBExecutionRole", "AWSLambdaInvocation-DynamoDB", "AWSLambdaReadOnlyAccess",
		"AmazonDynamoDBReadOnlyAccess", "ReadOnlyAccess", "SageMakerStudioAdminIAMDefaultExecutionPolicy",
		"SageMakerStudioAdminIAMPermissiveExecutionPolicy", "SageMakerStudioUserIAMDefaultExecutionPolicy",
		"SageMakerStudioUserIAMPermissiveExecutionPolicy",
	},
	UnscopedControl: {
		"AWSApplicationAutoscalingDynamoDBTablePolicy", "AWSBackupServiceLinkedRolePolicyForBackup",
		"AWSBackupServiceRolePolicyForBackup", "ResourceGroupsTaggingAPITagUntagSupportedResources",
	},
	UnderConditions: {
		"AWSMcpServiceActionsFullAccess", "AdministratorAccess-Amplify",
	},
	ScopedByName: {
		"AWSElasticBeanstalkRoleWorkerTier", "AWSElasticBeanstalkWorkerTier",
		"AWSServiceRolePolicyForBackupRestoreTesting", "AWSThinkboxAWSPortalAdminPolicy",
		"AWSThinkboxAWSPortalGatewayPolicy", "AWSThinkboxDeadlineResourceTrackerAdminPolicy",
		"AdministratorAccess-AWSElasticBeanstalk", "AmazonEC2RolePolicyForLaunchWizard", "AmazonLaunchWizardFullAccessV2",
		"AmazonLaunchWizard_Fullaccess", "AmazonRedshiftAllCommandsFullAccess",
	},
	MetadataOnly: {
		"AIDevOpsAgentAccessPolicy", "AIOpsAssistantPolicy", "AWSAuditManagerServiceRolePolicy", "AWSBackupAdminPolicy",
		"AWSBackupFullAccess", "AWSBackupOperatorAccess", "AWSBackupOperatorPolicy", "AWSCloudTrail_FullAccess",
		"AWSConfigRole", "AWSConfigServiceRolePolicy", "AWSDataPipeline_FullAccess", "AWSDataPipeline_PowerUser",
		"AWSGlueConsoleFullAccess", "AWSGlueConsoleSageMakerNotebookFullAccess", "AWSMobileHub_FullAccess",
		"AWSMobileHub_ReadOnly", "AWSResilienceHubAsssessmentExecutionPolicy",
		"AWSResilienceHubV2AssessmentExecutionPolicy", "AWSResourceExplorerServiceRolePolicy",
		"AWSSupportServiceRolePolicy", "AWSThinkboxDeadlineResourceTrackerAccessPolicy",
		"AWSTrustedAdvisorServiceRolePolicy", "AWSWellArchitectedAgentResourceScanningServiceRolePolicy", "AWS_ConfigRole",
		"AWS_Config_Role", "AccessAnalyzerServiceRolePolicy", "AmazonDevOpsGuruServiceRolePolicy",
		"CloudWatchApplicationInsightsFullAccess", "CloudWatchAutomaticDashboardsAccess",
		"CloudwatchApplicationInsightsServiceLinkedRolePolicy", "ComputeOptimizerServiceRolePolicy",
		"ConsoleViewOnlyAccessFromVercel", "Route53RecoveryReadinessServiceRolePolicy",
		"SageMakerStudioProjectUserRolePermissionsBoundary", "SageMakerStudioProjectUserRolePolicy", "SecurityAudit",
		"ServiceQuotasFullAccess", "ServiceQuotasReadOnlyAccess", "SupportUser", "ViewOnlyAccess",
		"WellArchitectedAgentResourceScanning",
	},
}

func TestTiers(t *testing.T) {
	got := map[Tier][]string{}
	for _, p := range policies {
		got[p.Tier()] = append(got[p.Tier()], p.Name)
	}
	if diff := cmp.Diff(tiers, got); diff != "" {
		t.Errorf("tiers (-want +got):\n%s", diff)
	}
}

func TestTier(t *testing.T) {
	set := iam.MatchActions
	tests := []struct {
		policy Policy
		want   Tier
	}{
		{Policy{}, None},
		{Policy{Unscoped: set("dynamodb:*")}, Admin},
		{Policy{Unscoped: set("*")}, Admin},
		{Policy{Unscoped: set("dax:*")}, UnscopedDataWrite},
		{Policy{Unscoped: set("dynamodb:PutItem")}, UnscopedDataWrite},
		{Policy{Unscoped: set("dynamodb:PutResourcePolicy")}, UnscopedDataWrite},
		{Policy{Unscoped: set("dynamodb:Query").Or(set("dynamodb:DeleteTable"))}, UnscopedDataRead},
		{Policy{Unscoped: set("dynamodb:DeleteTable"), Conditional: set("dynamodb:PutItem")}, UnscopedControl},
		{Policy{Unscoped: set("dynamodb:TagResource")}, UnscopedControl},
		{Policy{Unscoped: set("dynamodb:CreateBackup")}, UnscopedControl},
		{Policy{Unscoped: set("dynamodb:ListTables"), Conditional: set("dynamodb:PutItem")}, UnderConditions},
		{Policy{Unscoped: set("dynamodb:ListTables"), Conditional: set("dynamodb:DeleteTable")}, MetadataOnly},
		{Policy{Unscoped: set("dynamodb:ListTables"), Scoped: set("dynamodb:PutItem")}, MetadataOnly},
		{Policy{Scoped: set("dynamodb:PutItem")}, ScopedByName},
		{Policy{Conditional: set("dynamodb:GetItem")}, UnderConditions},
	}
	for _, tt := range tests {
		if got := tt.policy.Tier(); got != tt.want {
			t.Errorf("tier of %v, under conditions %v, scoped %v = %s, want %s",
				tt.policy.Unscoped.List(), tt.policy.Conditional.List(), tt.policy.Scoped.List(), got, tt.want)
		}
	}
}

func TestLookup(t *testing.T) {
	tests := []struct {
		arn, name string // name "" is no policy
	}{
		{"arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess", "AmazonDynamoDBFullAccess"},
		{"arn:aws-cn:iam::aws:policy/AmazonDynamoDBFullAccess", "AmazonDynamoDBFullAccess"},
		{"arn:aws-us-gov:iam::aws:policy/service-role/AWSLambdaDynamoDBExecutionRole", "AWSLambdaDynamoDBExecutionRole"},
		{"arn:aws:iam::aws:policy/job-function/DatabaseAdministrator", "DatabaseAdministrator"},
		{"arn:aws:iam::aws:policy/service-role/AWSDataPipelineRole", "AWSDataPipelineRole"}, // deprecated: path not known
		{"arn:aws:iam::aws:policy/ViewOnlyAccess", ""},                                      // it has a path
		{"arn:aws:iam::aws:policy/job-function/AdministratorAccess", ""},                    // it has none
		{"arn:aws:iam::aws:policy/amazondynamodbfullaccess", ""},
		{"arn:aws:iam::aws:policy/AmazonS3FullAccess", ""},
		{"arn:aws:iam::111122223333:policy/AmazonDynamoDBFullAccess", ""},
		{"arn:aws:iam::aws:role/AmazonDynamoDBFullAccess", ""},
		{"arn:aws:s3::aws:policy/AmazonDynamoDBFullAccess", ""},
		{"arn:aws:iam::aws:policy/", ""},
		{"AmazonDynamoDBFullAccess", ""},
		{"", ""},
	}
	for _, tt := range tests {
		got, ok := Lookup(tt.arn)
		if got.Name != tt.name || ok != (tt.name != "") {
			t.Errorf("Lookup(%q) = %q, %v, want %q", tt.arn, got.Name, ok, tt.name)
		}
	}
}

func TestPolicy(t *testing.T) {
	actions := func(names ...string) (set iam.ActionSet) {
		for _, name := range names {
			set = set.Or(iam.MatchActions(name))
		}
		return set
	}
	for arn, want := range map[string]Policy{
		"arn:aws:iam::aws:policy/service-role/AWSIoTRuleActions": {
			Name: "AWSIoTRuleActions", Path: "service-role/", Version: "v2", Unscoped: actions("dynamodb:PutItem"),
		},
		"arn:aws:iam::aws:policy/service-role/AWSLambdaDynamoDBExecutionRole": {
			Name: "AWSLambdaDynamoDBExecutionRole", Path: "service-role/", Version: "v1",
			Unscoped: actions("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"),
		},
		"arn:aws:iam::aws:policy/AWSBackupFullAccess": {
			Name: "AWSBackupFullAccess", Version: "v30",
			Unscoped: actions("dynamodb:ListBackups", "dynamodb:ListTables"), Conditional: actions("dynamodb:DeleteBackup"),
		},
		"arn:aws:iam::aws:policy/AmazonRedshiftAllCommandsFullAccess": {
			Name: "AmazonRedshiftAllCommandsFullAccess", Version: "v2",
			Scoped: actions("dynamodb:DescribeTable", "dynamodb:Scan", "dynamodb:GetItem"),
		},
		"arn:aws:iam::aws:policy/AWSLambdaFullAccess": {
			Name: "AWSLambdaFullAccess", Version: "v8", Deprecated: true, Unscoped: actions("dynamodb:*"),
		},
	} {
		got, _ := Lookup(arn)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Lookup(%q) (-want +got):\n%s", arn, diff)
		}
	}
}
