// Package policies holds the rules, one file each. All is the table of contents.
package policies

import "dynamoguard/internal/policy"

// All returns every policy, in the order in which findings are shown.
func All() []*policy.Policy {
	return []*policy.Policy{
		IAMDocument,
		IAMWildcardAction,
		IAMUnscopedResource,
		IAMCrossEnvironmentGrant,
		IAMDanglingTable,
		IAMBroadManagedPolicy,
		IAMItemLevelCondition,
		IAMIneffectiveStatement,
		IAMSensitiveAction,
		IAMOIDCTrust,
		IAMSessionDuration,
		IAMUserAccess,
		IAMSharedRole,
		TableNameCollision,
		TableNamePattern,
		TablePointInTimeRecovery,
		TableEncryption,
		TableDeletionProtection,
		TableBackupPlan,
		TableCapacity,
		TableRequiredTags,
		TableResourcePolicy,
		TableExportEncryption,
		TableStream,
		DAXEncryptionAtRest,
		DAXEncryptionInTransit,
		DAXMultiAZ,
		VPCEndpointPolicy,
		AuditDataEvents,
		DynamoGuard,
	}
}
