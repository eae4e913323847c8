package simulation

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// invariant is a promise that must hold, by its name.
type invariant string

// The invariants.
const (
	projectedOnce          invariant = "projectedOnce"
	timelineComplete       invariant = "timelineComplete"
	ordersSum              invariant = "ordersSum"
	atMostOneSend          invariant = "atMostOneSend"
	consentHolds           invariant = "consentHolds"
	consentByLastReceipt   invariant = "consentByLastReceipt"
	consentProof           invariant = "consentProof"
	refusedIsNotProfiled   invariant = "refusedIsNotProfiled"
	reasonsHold            invariant = "reasonsHold"
	killSwitchInTime       invariant = "killSwitchInTime"
	stoppedSendsNothing    invariant = "stoppedSendsNothing"
	pausedSendsNothing     invariant = "pausedSendsNothing"
	capsHold               invariant = "capsHold"
	quietHoursHold         invariant = "quietHoursHold"
	ratesHold              invariant = "ratesHold"
	sendBudgetsHold        invariant = "sendBudgetsHold"
	oneDecisionPerEntry    invariant = "oneDecisionPerEntry"
	erasedGone             invariant = "erasedGone"
	noGhosts               invariant = "noGhosts"
	returnedIsAPerson      invariant = "returnedIsAPerson"
	returnedKeep           invariant = "returnedKeepTheirs"
	ledgerSumsToZero       invariant = "ledgerSumsToZero"
	lotsNeverBelowZero     invariant = "lotsNeverBelowZero"
	oneRewardPerFriend     invariant = "oneRewardPerFriend"
	ladderStepOnce         invariant = "ladderStepOnce"
	budgetHolds            invariant = "budgetHolds"
	membershipsRecount     invariant = "membershipsEqualRecount"
	newsOnce               invariant = "newsOnce"
	deadLettersOnlyPoison  invariant = "deadLettersOnlyPoison"
	itemsUnder300KB        invariant = "itemsUnder300KB"
	invocationsWithinTime  invariant = "invocationsWithinTime"
	noPersonalDataInLogs   invariant = "noPersonalDataInLogs"
	queuesDrain            invariant = "queuesDrain"
	aliasUnites            invariant = "aliasUnites"
	placeholdersJoinNobody invariant = "placeholdersJoinNobody"
	strangersApart         invariant = "strangersApart"
	rewardsComplete        invariant = "rewardsComplete"
	acceptedAsDocumented   invariant = "acceptedAsDocumented"
	versionsGrow           invariant = "versionsGrow"
	tombstonesHold         invariant = "tombstonesHold"
	oneContactRecord       invariant = "oneContactRecord"
	standingsAddUp         invariant = "standingsAddUp"
	erasedUnpaid           invariant = "erasedUnpaid"
	noticesOnce            invariant = "noticesOnce"
	budgetBook             invariant = "budgetEqualsBook"
	rewardsTakenBack       invariant = "rewardsTakenBack"
	shopDays               invariant = "daysAreTheShops"
	noSelfInvitation       invariant = "noSelfInvitation"
	partitionRate          invariant = "partitionRate"
	erasedLeaveNoTrace     invariant = "erasedLeaveNoTrace"
	reasonsAddUp           invariant = "reasonsAddUp"
	duplicatesSettled      invariant = "duplicatesSettled"
	changesHaveLines       invariant = "changesHaveLines"
	versionsAreKept        invariant = "versionsAreKept"
	withdrawnSignsNothing  invariant = "withdrawnSecretsSignNothing"
	peopleAreMasked        invariant = "peopleAreMasked"
	secretsGoOn            invariant = "secretsGoOn"
	unreadableKept         invariant = "unreadableKept"
	confirmationsOnce      invariant = "confirmationsOnce"
	onlyConfirmed          invariant = "onlyConfirmedAddresses"
	confirmationsDecided   invariant = "confirmationsDecided"
	takenOffApart          invariant = "takenOffApart"
	tagsByTime             invariant = "tagsByTime"
	classesRecount         invariant = "classesEqualRecount"
	runsFinish             invariant = "runsFinish"
	redrivesOnce           invariant = "redrivesOnce"
	schedulesSucceed       invariant = "schedulesSucceed"
	nobodyElseSpeaks       invariant = "nobodyElseSpeaks"
	nothingSentOnPublic    invariant = "nothingSentOnPublicWords"
	placesStayOpen         invariant = "placesStayOpen"
	strangersGo            invariant = "strangersGo"
	refusalsAreCounted     invariant = "refusalsAreCounted"
	liveNeverMore          invariant = "liveNeverMore"
	resultsAddUp           invariant = "resultsAddUp"
	skippedAreListed       invariant = "skippedAreListed"
	enteredAgainOnce       invariant = "enteredAgainOnce"
	trialsAreTheShops      invariant = "trialsAreTheShops"
	searchFinds            invariant = "searchFinds"
	archiveComplete        invariant = "archiveEqualsTimeline"
	answersRecount         invariant = "answersEqualRecount"
	recallsRecount         invariant = "recallsEqualRecount"
	partsAreClaimed        invariant = "partsAreClaimed"
	failuresAreTold        invariant = "failuresAreTold"
	reclosingIsTheSame     invariant = "reclosingIsTheSame"
	trafficFits            invariant = "trafficFits" // the simulation's own: its traffic is taken as it means it
)

// invariants are checked at rest, when all queues are empty. Some more are checked while the world runs.
var invariants = []struct {
	name  invariant
	check func(w *world, s *state, broken func(who, format string, args ...any))
}{
	{projectedOnce, checkProjectedOnce},
	{timelineComplete, checkTimelineComplete},
	{timelineComplete, checkOutlasted},
	{archiveComplete, checkArchive},
	{archiveComplete, checkArchivedMerges},
	{answersRecount, checkAnswers},
	{recallsRecount, checkRecalled},
	{ordersSum, checkOrdersSum},
	{atMostOneSend, checkAtMostOneSend},
	{consentHolds, checkConsentHolds},
	{consentByLastReceipt, checkConsentByLastReceipt},
	{consentProof, checkConsentProof},
	{consentProof, checkWordsHaveProofs},
	{refusedIsNotProfiled, checkRefusedIsNotProfiled},
	{reasonsHold, checkReasons},
	{killSwitchInTime, checkKillSwitch},
	{stoppedSendsNothing, checkStops},
	{pausedSendsNothing, checkPaused},
	{capsHold, checkCaps},
	{quietHoursHold, checkQuietHours},
	{ratesHold, checkRates},
	{sendBudgetsHold, checkSendBudgets},
	{oneDecisionPerEntry, checkDecisions},
	{erasedGone, checkErasedGone},
	{returnedKeep, checkReturnedKeep},
	{ledgerSumsToZero, checkLedgerSums},
	{lotsNeverBelowZero, checkLots},
	{oneRewardPerFriend, checkOneReward},
	{oneRewardPerFriend, checkOneRewardOfMerged},
	{ladderStepOnce, checkLadder},
	{budgetHolds, checkBudget},
	{membershipsRecount, checkMemberships},
	{oneDecisionPerEntry, checkAudiences},
	{newsOnce, checkNewsOnce},
	{deadLettersOnlyPoison, checkDeadLetters},
	{deadLettersOnlyPoison, checkLetters},
	{atMostOneSend, checkOneSendOfMerged},
	{capsHold, checkCapsOfMerged},
	{tombstonesHold, checkTombstones},
	{oneContactRecord, checkContactRecords},
	{standingsAddUp, checkStandings},
	{erasedUnpaid, checkErasedUnpaid},
	{aliasUnites, checkAlias},
	{placeholdersJoinNobody, checkPlaceholders},
	{strangersApart, checkStrangers},
	{rewardsComplete, checkRewardsComplete},
	{noticesOnce, checkNotices},
	{budgetBook, checkBudgetBook},
	{rewardsTakenBack, checkTakenBack},
	{shopDays, checkShopDays},
	{itemsUnder300KB, checkItemSizes},
	{partitionRate, checkPartitionRate},
	{noPersonalDataInLogs, checkLogs},
	{erasedLeaveNoTrace, checkTraces},
	{reasonsAddUp, checkReasonSums},
	{duplicatesSettled, checkSettled},
	{confirmationsOnce, checkConfirmations},
	{onlyConfirmed, checkOnlyConfirmed},
	{confirmationsDecided, checkConfirmationsDecided},
	{changesHaveLines, checkAudit},
	{versionsAreKept, checkVersions},
	{withdrawnSignsNothing, checkSignatures},
	{changesHaveLines, checkRotations},
	{peopleAreMasked, checkReveals},
	{secretsGoOn, checkProofs},
	{takenOffApart, checkTakenOff},
	{tagsByTime, checkTags},
	{classesRecount, checkClasses},
	{refusalsAreCounted, checkRefusals},
	{liveNeverMore, checkLive},
	{resultsAddUp, checkResults},
	{skippedAreListed, checkSkipped},
	{enteredAgainOnce, checkEntriesAgain},
	{trialsAreTheShops, checkTrials},
	{searchFinds, checkSearch},
	{searchFinds, checkListings},
	{nobodyElseSpeaks, checkNobodyElseSpeaks},
	{nothingSentOnPublic, checkNothingSentOnPublicWords},
	{placesStayOpen, checkPlacesStayOpen},
	{noSelfInvitation, checkSelvesUnpaid},
	{strangersGo, checkStrangersGo},
}

// violation is a promise that was broken.
type violation struct {
	Invariant invariant `json:"invariant"`
	Who       string    `json:"who,omitempty"` // the person concerned, as a path id
	What      string    `json:"what"`
	Cause     string    `json:"cause"` // What without who and what is concerned
	At        string    `json:"at"`
}

func (w *world) violate(i invariant, who, format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.violations = append(w.violations, violation{i, who, fmt.Sprintf(format, args...), format, w.clock()})
	if w.story != nil {
		w.story(fmt.Sprintf("%s VIOLATION %s %s: %s", w.clock(), i, who, fmt.Sprintf(format, args...)))
	}
}

// rest waits until nothing is under way any more. Without faults, everything must be done within a bounded time.
func (w *world) rest(most time.Duration) bool {
	quiet := 0
	for begun := time.Now(); time.Since(begun) < most; {
		pause := 20 * time.Second
		if w.underWay() {
			quiet = 0
		} else if due := w.due(); len(due) > 0 {
			// Nothing happens until the first of them; it is a while to look for.
			quiet, pause = 0, min(max(pause, time.Until(slices.MinFunc(due, time.Time.Compare))), 10*time.Minute)
		} else if quiet++; quiet >= 3 {
			return true
		}
		w.sleep(pause)
	}
	return false
}

// underWay says whether anything moves by itself. A dead letter does where a function keeps it: one whose deletion was lost comes again half an hour later.
func (w *world) underWay() bool {
	if w.running > 0 || w.later > 0 {
		return true
	}
	_, kept := w.template.Function("redrive")
	for _, q := range w.template.Queues {
		if (kept || q.DeadLetter != "") && w.depth(q) > 0 {
			return true
		}
	}
	return false
}

// waiting names what Due holds, for the backlog.
func (w *world) waiting() string {
	var names []string
	for _, i := range w.scan(w.table("Due"), "pk", "sk") {
		if _, ok := dueMinute(i.text("pk")); ok {
			names = append(names, i.text("pk")+"/"+i.text("sk"))
		}
	}
	return strings.Join(names, " ")
}

// due are the minutes of what waits for its minute, if that is not further away than a day. Reports without an owner are waited for by outlast.
func (w *world) due() []time.Time {
	var all []time.Time
	for _, i := range w.scan(w.table("Due"), "pk", "sk") {
		minute, ok := dueMinute(i.text("pk"))
		if left := time.Until(minute); ok && left < 26*time.Hour && (left < 0 || !isReport(i)) {
			all = append(all, minute)
		}
	}
	return all
}
