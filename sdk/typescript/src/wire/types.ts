// Made from the server's code by tools/typescript.py: `make docs` renews it.

/** Any value that every reader keeps: docs/protocol/native.md, free values. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What may be asked; named by `op`. */
export type Command =
  | Login
  | Resume
  | Logout
  | Ping
  | Sync
  | ReadStream
  | CreateConversation
  | GetConversation
  | ListConversations
  | AddMembers
  | RemoveMembers
  | Join
  | Quit
  | SendMessage
  | GetHistory
  | MarkRead
  | TellTyping
  | EditMessage
  | RecallMessage
  | React
  | MarkAllRead
  | MarkUnread
  | GetUnread
  | MarkDelivered
  | GetReceipts
  | ListSessions
  | CloseSession
  | CloseDevice
  | FindConversations
  | SearchMessages
  | AskPresence
  | Watch
  | Unwatch
  | UpdateConversation
  | GetMembers
  | SetMember
  | Restrict
  | SetLevel
  | EnterRoom
  | LeaveRoom
  | CountPeople
  | LeaveWill
  | DropWill
  | RegisterPush
  | UnregisterPush
  | RequestUpload
  | RemoveFile
  | Dissolve
  | GetMissed
  | SetObject
  | DropObject
  | ListObjects
  | ShareTabs
  | CloseTab
  | Claim
  | RenewClaim
  | FinishClaim
  | ReleaseClaim
  | Tell
  | Took
  | PinConversation
  | UnpinConversation
  | MarkConversation
  | UnmarkConversation
  | Ask
  | ReplyTo
  | SilenceConversation
  | UnsilenceConversation
  | SilenceAll
  | UnsilenceAll
  | GetSilence
  | StartCall
  | AnswerCall
  | DeclineCall
  | HangUp
  | HandOver
  | SignalCall
  | ListCalls
  | GetTurn
  | DeleteConversation
  | DeleteHistory
  | DeleteMessages
  | InviteContact
  | AcceptContact
  | DeclineContact
  | RemoveContact
  | RemarkContact
  | BlockUsers
  | UnblockUsers
  | SetWriting
  | GetWriting
  | ListContacts
  | CreateThread
  | ListThreads;

/** What comes of it; named by `kind`. */
export type Answer =
  | Welcome
  | Done
  | Pong
  | Moved
  | Facts
  | StartOver
  | Placed
  | Passed
  | ConversationView
  | Conversations
  | FoundConversations
  | FoundMessages
  | Membership
  | History
  | ReadMark
  | Receipts
  | Unread
  | Sessions
  | Presences
  | Members
  | Count
  | Upload
  | Missed
  | Objects
  | SilenceOfAll
  | Claimed
  | Addressed
  | Answered
  | CallAnswer
  | Calls
  | TurnServers
  | Contacts
  | WritingRule;

/** What has happened; named by `kind`. */
export type Fact =
  | ConversationCreated
  | MessagePlaced
  | MembersJoined
  | MembersLeft
  | MessageRevised
  | MessageRecalled
  | MessageReacted
  | ConversationChanged
  | MemberChanged
  | MembersRestricted
  | ConversationEnded
  | ThreadMade
  | ThreadRenamed
  | ThreadEnded
  | ConversationEntered
  | ConversationExited
  | ConversationMade
  | ReadMarkMoved
  | MarkedUnread
  | ObjectSet
  | ObjectDropped
  | DeliveredTo
  | ReadBy
  | SessionOpened
  | SessionEnded
  | LevelSet
  | ConversationPinned
  | ConversationUnpinned
  | ConversationMarked
  | ConversationUnmarked
  | ConversationSilenced
  | ConversationUnsilenced
  | ConversationDeleted
  | HistoryDeleted
  | MessagesDeleted
  | AllSilenced
  | AllUnsilenced
  | CallEnded
  | ContactInvited
  | ContactAgreed
  | ContactDeclined
  | ContactRemoved
  | RemarkSet
  | UsersBlocked
  | UsersUnblocked
  | WritingSet;

/** What passes by without a place; named by `kind`. */
export type Passing =
  | TransientMessage
  | Typing
  | Presence
  | PutOut
  | TabsChanged
  | TabClosed
  | Told
  | Asked
  | ToldLater
  | CallChanged
  | CallSignalled;

/** What must hold in a query; named by `is`. */
export type Condition =
  | Equal
  | NotEqual
  | Less
  | LessOrEqual
  | Greater
  | GreaterOrEqual
  | Contains
  | StartsWith
  | EndsWith
  | Matches
  | OneOf
  | Exists
  | Missing
  | Includes
  | Has
  | Size
  | WithMembers
  | ContainsMembers
  | AllOf
  | AnyOf
  | Not;

/** What the server says; named by `is`. */
export type ServerFrame =
  | Reply
  | Refusal
  | Delivery
  | EventFrame
  | Bye;

/** Be a contact of who asked me. */
export type AcceptContact = {
  readonly op: "accept_contact";
  readonly user: string;
};

/** Make users members. Those who are members already stay so. */
export type AddMembers = {
  readonly op: "add";
  readonly conversation: string;
  readonly users: readonly string[];
  readonly grant?: string | undefined;
};

/** Which of a user's sessions: all of them, those on a platform, those of a device, one, or one tab of one. */
export type Address = {
  readonly platform?: string | undefined;
  readonly device?: string | undefined;
  readonly session?: string | undefined;
  readonly tab?: string | undefined;
};

/** How many sessions something was for: with a connection now, and without one. Nobody says that they got it. */
export type Addressed = {
  readonly kind: "addressed";
  readonly live: number;
  readonly away: number;
};

/** All of these conditions hold. */
export type AllOf = {
  readonly is: "all";
  readonly of: readonly Condition[];
};

/** This user wants to hear less of all conversations while the silence holds; an earlier one is over. */
export type AllSilenced = {
  readonly kind: "all_silenced";
  readonly silence: Silence;
  readonly origin?: string | undefined;
};

/** This user lifted the silence of all conversations; those of single ones stay. */
export type AllUnsilenced = {
  readonly kind: "all_unsilenced";
  readonly origin?: string | undefined;
};

/** Be in a call with this session: answer it where it rings for me, or join one of several people that runs. */
export type AnswerCall = {
  readonly op: "answer";
  readonly call: string;
};

/** What the program that runs the server answers. */
export type Answered = {
  readonly kind: "answered";
  readonly data?: Json | undefined;
};

/** One of these conditions at least holds. */
export type AnyOf = {
  readonly is: "any";
  readonly of: readonly Condition[];
};

/** Put values at the end of a list; `once`: those alone that are not in it. What is not there is empty. */
export type Append = {
  readonly do: "append";
  readonly values: readonly Json[];
  readonly once?: boolean | undefined;
};

/** Ask the program that runs the server something; its handler of that name answers. A repetition asks again. */
export type Ask = {
  readonly op: "ask";
  readonly name: string;
  readonly data?: Json | undefined;
  readonly timeout_s?: number | undefined;
  readonly tab?: string | undefined;
};

/** Ask once who of some users is there. */
export type AskPresence = {
  readonly op: "presence";
  readonly users: readonly string[];
};

/** This session is asked something, and has so long to answer; with `tab` that tab is, and no other. */
export type Asked = {
  readonly kind: "asked";
  readonly id: string;
  readonly name: string;
  readonly within_ms: number;
  readonly data?: Json | undefined;
  readonly tab?: string | undefined;
};

/** Hear nothing from users any more. They are not told; who is blocked already is passed over. */
export type BlockUsers = {
  readonly op: "block_users";
  readonly users: readonly string[];
};

/**
 * Server to client: the last frame before a close, saying what the close code cannot.
 *
 * `advice` is one of reconnect, later, new_token, log_in, stop. `newcomer` is the device that took the place.
 */
export type Bye = {
  readonly is: "bye";
  readonly code: string;
  readonly message: string;
  readonly advice: string;
  readonly retry_after_ms?: number | undefined;
  readonly newcomer?: Label | undefined;
};

/** A call as it is after the command: who was too late sees here who was faster. */
export type CallAnswer = {
  readonly kind: "call";
  readonly call: CallView;
};

/** A call of mine rings, or is another than before: all of it, as it is now. */
export type CallChanged = {
  readonly kind: "call";
  readonly call: CallView;
};

/**
 * A call that this user began, or was called by, is over. `joined` are those called who were in it.
 *
 * One `is_missed` that rang for this user, and that they neither took nor declined, unless they were busy. `by` ended
 * it, if anybody did.
 */
export type CallEnded = {
  readonly kind: "call_ended";
  readonly call: string;
  readonly caller: string;
  readonly users: readonly string[];
  readonly media: "audio" | "video";
  readonly reason: "busy" | "cancelled" | "declined" | "failed" | "hung_up" | "timeout";
  readonly began_at: number;
  readonly joined?: readonly string[] | undefined;
  readonly conversation?: string | undefined;
  readonly answered_at?: number | undefined;
  readonly by?: string | undefined;
  readonly is_missed?: boolean | undefined;
};

/** The other end of a call that this session is in tells something. */
export type CallSignalled = {
  readonly kind: "call_signal";
  readonly call: string;
  readonly user: string;
  readonly session: string;
  readonly data?: Json | undefined;
};

/**
 * A call as it is for one user.
 *
 * `revision` grows with each change: a view with a lower one is older. `users` are those who were called, `ringing`
 * those of them who are rung now, `declined` those who do not want it; `silent` are devices of this user that do not
 * ring. `ends` are those who are in it. Of a call that `ended`, `reason` says why, and `by` who did it.
 */
export type CallView = {
  readonly call: string;
  readonly revision: number;
  readonly state: "answered" | "ended" | "ringing";
  readonly caller: string;
  readonly users: readonly string[];
  readonly media: "audio" | "video";
  readonly began_at: number;
  readonly rings_until: number;
  readonly conversation?: string | undefined;
  readonly data?: Json | undefined;
  readonly ringing?: readonly string[] | undefined;
  readonly ends?: readonly EndView[] | undefined;
  readonly declined?: readonly string[] | undefined;
  readonly silent?: readonly string[] | undefined;
  readonly answered_at?: number | undefined;
  readonly ended_at?: number | undefined;
  readonly reason?: "busy" | "cancelled" | "declined" | "failed" | "hung_up" | "timeout" | undefined;
  readonly by?: string | undefined;
};

/** Calls that ring or run for me now, the oldest first. */
export type Calls = {
  readonly kind: "calls";
  readonly calls: readonly CallView[];
};

/**
 * Ask to be the one who does what a name stands for, among all my sessions and their tabs.
 *
 * `key` is made anew for each runner: who asks again with theirs has the claim still, for `lease_s` more seconds.
 */
export type Claim = {
  readonly op: "claim";
  readonly name: string;
  readonly key: string;
  readonly lease_s?: number | undefined;
};

/**
 * How a claim stands: whether it is the caller's now, or was when the work was done.
 *
 * `number` grows with each runner. `left_ms` is how much is left of the lease; `holder` has the claim, or did the
 * work. Without a holder nobody has it, and it may be asked for.
 */
export type Claimed = {
  readonly kind: "claimed";
  readonly is_mine: boolean;
  readonly is_done?: boolean | undefined;
  readonly number?: number | undefined;
  readonly left_ms?: number | undefined;
  readonly holder?: string | undefined;
};

/** End all my sessions of one device. */
export type CloseDevice = {
  readonly op: "close_device";
  readonly device: string;
};

/** End one of my sessions, on whichever device. */
export type CloseSession = {
  readonly op: "close_session";
  readonly session: string;
};

/** Have one tab of one of my sessions go; the others stay. */
export type CloseTab = {
  readonly op: "close_tab";
  readonly session: string;
  readonly tab: string;
};

/** This user and `user` are contacts: `by` accepted the other's invitation, or invited back. */
export type ContactAgreed = {
  readonly kind: "contact_agreed";
  readonly user: string;
  readonly by: string;
  readonly origin?: string | undefined;
};

/** `by` declined the other's invitation. */
export type ContactDeclined = {
  readonly kind: "contact_declined";
  readonly user: string;
  readonly by: string;
  readonly origin?: string | undefined;
};

/**
 * `by` asked to be a contact: this user asked `user`, or was asked by them.
 *
 * The `message` is there as long as the invitation is open.
 */
export type ContactInvited = {
  readonly kind: "contact_invited";
  readonly user: string;
  readonly by: string;
  readonly message?: string | undefined;
  readonly origin?: string | undefined;
};

/** This user and `user` are contacts no more, or an invitation was withdrawn: by who had sent it. */
export type ContactRemoved = {
  readonly kind: "contact_removed";
  readonly user: string;
  readonly by: string;
  readonly origin?: string | undefined;
};

/** What `user` is to me, since when: a contact (`friend`), whom I `invited`, who `asked` me, or nothing of it. */
export type ContactView = {
  readonly user: string;
  readonly state: "asked" | "friend" | "invited" | "none";
  readonly since: number;
  readonly is_blocked?: boolean | undefined;
  readonly remark?: string | undefined;
  readonly message?: string | undefined;
};

/** What users are to me, by user id; `next` asks for the following page. */
export type Contacts = {
  readonly kind: "contacts";
  readonly contacts: readonly ContactView[];
  readonly next?: string | undefined;
};

/** The field is a text with this one in it. */
export type Contains = {
  readonly is: "contains";
  readonly field: string;
  readonly text: string;
};

/** One of these users at least is a member. */
export type ContainsMembers = {
  readonly is: "contains_members";
  readonly users: readonly string[];
};

/**
 * What a message says.
 *
 * `type` is negative for the built-in kinds (-1 text, -2 image, -3 audio, -4 video, -5 location, -6 file), positive
 * for the application's own (LeanCloud v3 rule, rows L117 ff.); 0 is reserved. `attributes` travel with any type;
 * `data` and `binary`, which is base64 in every encoding, belong to the type.
 */
export type Content = {
  readonly type?: number | undefined;
  readonly text?: string | undefined;
  readonly attributes?: { readonly [key: string]: Json } | undefined;
  readonly data?: { readonly [key: string]: Json } | undefined;
  readonly binary?: string | undefined;
};

/**
 * The conversation is another: what is left out stays. An empty `name` is none.
 *
 * First the paths in `unset` are taken out of the attributes, then those in `set` are put in.
 */
export type ConversationChanged = {
  readonly kind: "changed";
  readonly by: string;
  readonly name?: string | undefined;
  readonly set?: { readonly [key: string]: Json } | undefined;
  readonly unset?: readonly string[] | undefined;
  readonly joining?: "invited" | "open" | undefined;
  readonly rules?: Rules | undefined;
  readonly origin?: string | undefined;
};

/**
 * A conversation began. Always seq 1 of its stream. Its creator is its owner, if its kind has one.
 *
 * It ends at `expires_at`, if its kind expires; with `keeps_history` it is a room that keeps what is said in it.
 * `audience` says whom one of the operator's is for, `parent` what a thread is under.
 */
export type ConversationCreated = {
  readonly kind: "created";
  readonly by: string;
  readonly of: "direct" | "group" | "room" | "service" | "temporary" | "thread";
  readonly members: readonly string[];
  readonly name?: string | undefined;
  readonly attributes?: { readonly [key: string]: Json } | undefined;
  readonly is_unique?: boolean | undefined;
  readonly joining?: "invited" | "open" | undefined;
  readonly rules?: Rules | undefined;
  readonly expires_at?: number | undefined;
  readonly keeps_history?: boolean | undefined;
  readonly audience?: "all" | "subscribers" | undefined;
  readonly parent?: Parent | undefined;
  readonly origin?: string | undefined;
};

/**
 * This user took the conversation from their lists, until something is said after the `messages` there were.
 *
 * With `history_to` they deleted all that was said up to there, too: for themselves alone.
 */
export type ConversationDeleted = {
  readonly kind: "conversation_deleted";
  readonly conversation: string;
  readonly messages: number;
  readonly history_to?: number | undefined;
  readonly origin?: string | undefined;
};

/** The conversation is over: its time was up, or its owner (`by`) dissolved it. All members have left with that. */
export type ConversationEnded = {
  readonly kind: "ended";
  readonly reason: "dissolved" | "expired";
  readonly by?: string | undefined;
  readonly origin?: string | undefined;
};

/**
 * This user became a member, at `seq` of the conversation's stream: from there on they see it.
 *
 * Of a thread `parent` says what it is under.
 */
export type ConversationEntered = {
  readonly kind: "entered";
  readonly conversation: string;
  readonly seq: number;
  readonly by: string;
  readonly parent?: Parent | undefined;
  readonly origin?: string | undefined;
};

/**
 * This user is a member no more; facts up to `seq` of the conversation's stream stay readable to them.
 *
 * Nobody did it (no `by`) when the conversation ended, or the group that a thread, with its `parent`, is under was
 * left.
 */
export type ConversationExited = {
  readonly kind: "exited";
  readonly conversation: string;
  readonly seq: number;
  readonly by?: string | undefined;
  readonly parent?: Parent | undefined;
  readonly origin?: string | undefined;
};

/** This user created a conversation that has no list of members, and so did not enter it by that. */
export type ConversationMade = {
  readonly kind: "made";
  readonly conversation: string;
  readonly of: "direct" | "group" | "room" | "service" | "temporary" | "thread";
  readonly origin?: string | undefined;
};

/** This user put a mark of theirs to the conversation, beside those that it has. */
export type ConversationMarked = {
  readonly kind: "marked";
  readonly conversation: string;
  readonly mark: string;
  readonly origin?: string | undefined;
};

/** This user wants to see the conversation above others. Those pinned last come first. */
export type ConversationPinned = {
  readonly kind: "pinned";
  readonly conversation: string;
  readonly origin?: string | undefined;
};

/** This user wants to hear less of the conversation while the silence holds; an earlier one is over. */
export type ConversationSilenced = {
  readonly kind: "silenced";
  readonly conversation: string;
  readonly silence: Silence;
  readonly origin?: string | undefined;
};

/** This user took a mark of theirs from the conversation. */
export type ConversationUnmarked = {
  readonly kind: "unmarked";
  readonly conversation: string;
  readonly mark: string;
  readonly origin?: string | undefined;
};

/** This user wants to see the conversation among the others again. */
export type ConversationUnpinned = {
  readonly kind: "unpinned";
  readonly conversation: string;
  readonly origin?: string | undefined;
};

/** This user lifted the silence. */
export type ConversationUnsilenced = {
  readonly kind: "unsilenced";
  readonly conversation: string;
  readonly origin?: string | undefined;
};

/**
 * A conversation as its member sees it. `head` is the last seq, `read` the reader's own mark.
 *
 * `role` is the reader's; `count` says how many members there are; `is_muted`: whether they want no alerts now.
 * `parent` says what a thread is under.
 */
export type ConversationView = {
  readonly kind: "conversation";
  readonly conversation: string;
  readonly of: "direct" | "group" | "room" | "service" | "temporary" | "thread";
  readonly creator: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly epoch: number;
  readonly head: number;
  readonly read: number;
  readonly name?: string | undefined;
  readonly attributes?: { readonly [key: string]: Json } | undefined;
  readonly members?: readonly string[] | undefined;
  readonly is_new?: boolean | undefined;
  readonly unique?: boolean | undefined;
  readonly unread?: number | undefined;
  readonly is_marked_unread?: boolean | undefined;
  readonly count?: number | undefined;
  readonly role?: "manager" | "member" | "owner" | undefined;
  readonly level?: "all" | "mentions" | "none" | undefined;
  readonly joining?: "invited" | "open" | undefined;
  readonly rules?: Rules | undefined;
  readonly expires_at?: number | undefined;
  readonly keeps_history?: boolean | undefined;
  readonly last_message_at?: number | undefined;
  readonly last?: HistoryEntry | undefined;
  readonly pinned_at?: number | undefined;
  readonly marks?: readonly string[] | undefined;
  readonly silence?: Silence | undefined;
  readonly is_muted?: boolean | undefined;
  readonly parent?: Parent | undefined;
};

/** My conversations, the oldest first, without their member lists; `next` asks for the following page. */
export type Conversations = {
  readonly kind: "conversations";
  readonly conversations: readonly ConversationView[];
  readonly next?: string | undefined;
};

/** How many people are in a room now, and with how many sessions; or how many members a conversation has. */
export type Count = {
  readonly kind: "count";
  readonly conversation: string;
  readonly users: number;
  readonly sessions?: number | undefined;
};

/** Ask how many people are in a room now, or are members of another conversation. */
export type CountPeople = {
  readonly op: "count";
  readonly conversation: string;
};

/**
 * Begin a conversation of the caller and `members`.
 *
 * A `direct` one has two members for ever; a `group` may change; a `room` lists none; a `temporary` one is like a
 * group and ends `ttl_s` after it began, 86,400 s unless told. With `unique` the conversation of this kind and exactly
 * these members that was made so before, and is not over, is given back: always so for a direct one, never for a room,
 * for a group unless told otherwise, for a temporary one where told so. Repeating `key` gives back what it made the
 * first time. `joining` says if who knows the id may join; `rules` what each role may. With `keeps_history` a
 * room keeps what is said in it.
 */
export type CreateConversation = {
  readonly op: "create";
  readonly key: string;
  readonly of?: "direct" | "group" | "room" | "service" | "temporary" | "thread" | undefined;
  readonly members?: readonly string[] | undefined;
  readonly name?: string | undefined;
  readonly attributes?: { readonly [key: string]: Json } | undefined;
  readonly unique?: boolean | undefined;
  readonly joining?: "invited" | "open" | undefined;
  readonly rules?: Rules | undefined;
  readonly ttl_s?: number | undefined;
  readonly keeps_history?: boolean | undefined;
  readonly grant?: string | undefined;
};

/**
 * Begin the thread under a message of a group, or have the one that is there shown: there is one at most.
 *
 * The answer is the thread, a conversation. Who begins it is its first member; any other of the group may `join` it.
 */
export type CreateThread = {
  readonly op: "create_thread";
  readonly conversation: string;
  readonly message: number;
  readonly name?: string | undefined;
};

/** Do not take a call: on this device alone, or for me altogether, `busy` to say that I am in another. */
export type DeclineCall = {
  readonly op: "decline";
  readonly call: string;
  readonly scope?: "call" | "device" | undefined;
  readonly busy?: boolean | undefined;
};

/** Be no contact of who asked me; they are told. Nothing to decline is no fault. */
export type DeclineContact = {
  readonly op: "decline_contact";
  readonly user: string;
};

/**
 * Take a conversation from my lists, on all my sessions, until something is said in it or I pin it.
 *
 * I stay a member, and all of it counts as read. `with_history`: what was said is deleted for me, too.
 */
export type DeleteConversation = {
  readonly op: "delete_conversation";
  readonly conversation: string;
  readonly with_history?: boolean | undefined;
};

/** Have what was said up to a place shown to me no more, on all my sessions. It counts as read; others keep it. */
export type DeleteHistory = {
  readonly op: "delete_history";
  readonly conversation: string;
  readonly up_to: number;
};

/** Have chosen messages shown to me no more, on all my sessions. None of them counts as unread; others keep them. */
export type DeleteMessages = {
  readonly op: "delete_messages";
  readonly conversation: string;
  readonly messages: readonly number[];
};

/**
 * A device of `user` has this user's messages up to `seq` that asked for a receipt: their first one, told once.
 *
 * Those up to `after` were told before, or are from before `user` came.
 */
export type DeliveredTo = {
  readonly kind: "delivered_to";
  readonly conversation: string;
  readonly seq: number;
  readonly user: string;
  readonly after?: number | undefined;
};

/**
 * Server to client: facts of one stream, in order, without holes among themselves.
 *
 * All that was committed up to `checkpoint` has been sent on this connection or was there before it.
 */
export type Delivery = {
  readonly is: "facts";
  readonly stream: string;
  readonly epoch: number;
  readonly facts: readonly SeqFact[];
  readonly checkpoint: number;
};

/** One browser profile or installation. `id` is kept by the SDK; `info` is free text of the application. */
export type Device = {
  readonly id: string;
  readonly platform: string;
  readonly label?: string | undefined;
  readonly info?: string | undefined;
};

/** End a conversation that I own, for all its members. */
export type Dissolve = {
  readonly op: "dissolve";
  readonly conversation: string;
};

/** It is so now. */
export type Done = {
  readonly kind: "done";
};

/** Keep nothing under a name any more. None there is no fault. */
export type DropObject = {
  readonly op: "drop_object";
  readonly name: string;
  readonly key: string;
  readonly expect?: number | undefined;
};

/** Take back what this session left. Nothing left is no fault. */
export type DropWill = {
  readonly op: "no_will";
};

/** Give my message at seq `message` another content. */
export type EditMessage = {
  readonly op: "edit";
  readonly conversation: string;
  readonly message: number;
  readonly content: Content;
  readonly mentions?: readonly string[] | undefined;
  readonly mention_all?: boolean | undefined;
};

/** Who is in a call, since when and with which session. `shown` is the device, told to its own user alone. */
export type EndView = {
  readonly user: string;
  readonly session: string;
  readonly since: number;
  readonly shown?: Label | undefined;
};

/** The field is a text that ends with this one. */
export type EndsWith = {
  readonly is: "ends_with";
  readonly field: string;
  readonly text: string;
};

/** Be in a room with one tab of this session, and in no other with it. Without `tab`, the session as a whole. */
export type EnterRoom = {
  readonly op: "enter";
  readonly conversation: string;
  readonly tab?: string | undefined;
  readonly grant?: string | undefined;
};

/** The field has this value. */
export type Equal = {
  readonly is: "equal";
  readonly field: string;
  readonly value: string | number | boolean;
};

/** Server to client: something passes by. It has no place, and who was away does not hear of it. */
export type EventFrame = {
  readonly is: "event";
  readonly event: Passing;
};

/** The field has a value that is not null. */
export type Exists = {
  readonly is: "exists";
  readonly field: string;
};

/**
 * Facts of one stream, in order and without holes after the seq asked for; `head` tells if there are more.
 *
 * Those before `oldest` are kept no longer.
 */
export type Facts = {
  readonly kind: "facts";
  readonly stream: string;
  readonly epoch: number;
  readonly facts: readonly SeqFact[];
  readonly head: number;
  readonly oldest?: number | undefined;
};

/**
 * Ask for the conversations for which `where` holds, sorted, without the first `skip`.
 *
 * They are found among those I am a member of, all rooms, and open conversations whose ids `where` names. `compact`
 * leaves out the members; `with_last` brings the newest message of each that I am a member of.
 */
export type FindConversations = {
  readonly op: "query";
  readonly where?: Condition | undefined;
  readonly sort?: readonly SortKey[] | undefined;
  readonly limit?: number | undefined;
  readonly skip?: number | undefined;
  readonly compact?: boolean | undefined;
  readonly with_last?: boolean | undefined;
};

/** Say that the work is done: nobody is to do it again. Saying it twice changes nothing. */
export type FinishClaim = {
  readonly op: "finish_claim";
  readonly name: string;
  readonly number: number;
};

/** The conversations asked for, in order; whether there are more behind them. */
export type FoundConversations = {
  readonly kind: "found";
  readonly conversations: readonly ConversationView[];
  readonly has_more: boolean;
};

/** A message that was found, as it is now. */
export type FoundMessage = {
  readonly conversation: string;
  readonly seq: number;
  readonly at: number;
  readonly message: MessagePlaced;
};

/** Messages that have what was looked for, the newest first; `next` asks for the following page. */
export type FoundMessages = {
  readonly kind: "messages";
  readonly messages: readonly FoundMessage[];
  readonly next?: string | undefined;
};

/** Places, from `first` to `until`, whose messages are left out: the history has them. */
export type Gap = {
  readonly first: number;
  readonly until: number;
};

/** Ask for one conversation, with its members. */
export type GetConversation = {
  readonly op: "conversation";
  readonly conversation: string;
};

/**
 * Ask for messages before or after a place or a time, in rising order; without either, the newest.
 *
 * All that is given must hold. `direction` says from which end of what it leaves the page is taken: `older` begins
 * at the newest, `newer` at the oldest. A recalled message has no type.
 */
export type GetHistory = {
  readonly op: "history";
  readonly conversation: string;
  readonly before?: number | undefined;
  readonly after?: number | undefined;
  readonly limit?: number | undefined;
  readonly before_at?: number | undefined;
  readonly after_at?: number | undefined;
  readonly type?: number | undefined;
  readonly direction?: "newer" | "older" | undefined;
};

/** Ask who is a member, by user id, a page at a time; or who of them muted it, or who is restricted. */
export type GetMembers = {
  readonly op: "members";
  readonly conversation: string;
  readonly who?: "blocked" | "members" | "muted" | "silenced" | undefined;
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
};

/**
 * Ask for the messages that wait for me, the newest `each` of each conversation, a page of conversations at a time.
 *
 * For a client that brings no state from before; one that does asks for what moved.
 */
export type GetMissed = {
  readonly op: "missed";
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
  readonly each?: number | undefined;
};

/** Ask who got and who read my message at seq `message`. */
export type GetReceipts = {
  readonly op: "receipts";
  readonly conversation: string;
  readonly message: number;
};

/** Ask for the silence of all my conversations. */
export type GetSilence = {
  readonly op: "silence_of_all";
};

/** Ask for the servers that media of calls go by. */
export type GetTurn = {
  readonly op: "turn";
};

/** Ask what waits for me, a page of conversations at a time, or in one `conversation` alone. */
export type GetUnread = {
  readonly op: "unread";
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
  readonly conversation?: string | undefined;
};

/** Ask whom I let write to me. */
export type GetWriting = {
  readonly op: "writing";
};

/** The field has a higher value. */
export type Greater = {
  readonly is: "greater";
  readonly field: string;
  readonly value: string | number | boolean;
};

/** The field has this value or a higher one. */
export type GreaterOrEqual = {
  readonly is: "greater_or_equal";
  readonly field: string;
  readonly value: string | number | boolean;
};

/** Be in a call with another of my sessions from now on, in place of the one I am in it with. */
export type HandOver = {
  readonly op: "hand_over";
  readonly call: string;
  readonly session: string;
};

/**
 * Leave a call, with whichever of my sessions; the caller of one that nobody answered yet takes it back.
 *
 * With a `session`, only if I am in it with that one: it may be with another by now.
 */
export type HangUp = {
  readonly op: "hang_up";
  readonly call: string;
  readonly session?: string | undefined;
};

/** The field has one of these values, or is a list with one of them in it. */
export type Has = {
  readonly is: "has";
  readonly field: string;
  readonly values: readonly (string | number | boolean)[];
};

/**
 * Messages in rising order; `has_more` in the direction asked for.
 *
 * `trimmed` when older ones than these were asked for, too, and the operator's setting has removed them.
 */
export type History = {
  readonly kind: "history";
  readonly conversation: string;
  readonly messages: readonly HistoryEntry[];
  readonly has_more: boolean;
  readonly trimmed?: boolean | undefined;
};

/** This user deleted what was said up to `seq`, for themselves alone. */
export type HistoryDeleted = {
  readonly kind: "history_deleted";
  readonly conversation: string;
  readonly seq: number;
  readonly origin?: string | undefined;
};

/** A message in history, as it is now. The most frequent reactions come first. */
export type HistoryEntry = {
  readonly seq: number;
  readonly at: number;
  readonly message: MessagePlaced;
  readonly reactions?: readonly ReactionCount[] | undefined;
};

/** A server that helps two ends to find a way to each other, as `RTCPeerConnection` takes it. */
export type IceServer = {
  readonly urls: readonly string[];
  readonly username?: string | undefined;
  readonly credential?: string | undefined;
};

/** The field is a list with this value in it. */
export type Includes = {
  readonly is: "includes";
  readonly field: string;
  readonly value: string | number | boolean;
};

/** Add to a number; what is not there is 0. */
export type Increase = {
  readonly do: "increase";
  readonly by?: number | undefined;
};

/** Ask a user to be my contact. Who asked me before is my contact by it; a repeat changes nothing. */
export type InviteContact = {
  readonly op: "invite_contact";
  readonly user: string;
  readonly message?: string | undefined;
};

/** Become a member. */
export type Join = {
  readonly op: "join";
  readonly conversation: string;
  readonly grant?: string | undefined;
};

/** How a device shows itself to people: shown to its user's other sessions and to one it displaces. */
export type Label = {
  readonly platform: string;
  readonly label?: string | undefined;
  readonly info?: string | undefined;
};

/** Be in a room no more with a tab of this session. Who is not there stays away. */
export type LeaveRoom = {
  readonly op: "leave";
  readonly conversation: string;
  readonly tab?: string | undefined;
};

/**
 * Leave a message, to be sent if this session loses its connection and has none again for `after_s` seconds.
 *
 * A session has one at most: a later one takes its place. The fields are those of `SendMessage`.
 */
export type LeaveWill = {
  readonly op: "will";
  readonly conversation: string;
  readonly key: string;
  readonly content: Content;
  readonly transient?: boolean | undefined;
  readonly mentions?: readonly string[] | undefined;
  readonly mention_all?: boolean | undefined;
  readonly push?: { readonly [key: string]: Json } | undefined;
  readonly priority?: "high" | "low" | "normal" | undefined;
  readonly after_s?: number | undefined;
};

/** The field has a lower value. */
export type Less = {
  readonly is: "less";
  readonly field: string;
  readonly value: string | number | boolean;
};

/** The field has this value or a lower one. */
export type LessOrEqual = {
  readonly is: "less_or_equal";
  readonly field: string;
  readonly value: string | number | boolean;
};

/** This user wants to be alerted of all messages of a conversation, of those that mention them, or of none. */
export type LevelSet = {
  readonly kind: "level";
  readonly conversation: string;
  readonly level: "all" | "mentions" | "none";
  readonly origin?: string | undefined;
};

/** Ask what rings or runs for me now. To be asked after each login and resume. */
export type ListCalls = {
  readonly op: "calls";
};

/**
 * Ask for my contacts, who asked me (`received`), whom I asked (`sent`) or whom I block.
 *
 * By user id, a page behind the user `after`; or the one named `only`, whatever they are to me.
 */
export type ListContacts = {
  readonly op: "contacts";
  readonly which?: "blocked" | "contacts" | "received" | "sent" | undefined;
  readonly only?: string | undefined;
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
};

/**
 * Ask for my conversations, the oldest first, a page at a time.
 *
 * Or for those that I `pinned`, the last one first; of either those that have a `mark` of mine alone.
 */
export type ListConversations = {
  readonly op: "conversations";
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
  readonly pinned?: boolean | undefined;
  readonly mark?: string | undefined;
};

/** Ask for what I keep: the one named `only`, or a page of all behind the name `after`. */
export type ListObjects = {
  readonly op: "objects";
  readonly only?: string | undefined;
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
};

/** Ask for my sessions that are not over, this one included, the oldest login first, a page at a time. */
export type ListSessions = {
  readonly op: "sessions";
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
};

/** Ask for the threads of a group that are not over, or without one for those that I am in; the oldest first. */
export type ListThreads = {
  readonly op: "threads";
  readonly conversation?: string | undefined;
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
};

/**
 * Open a session. `login` is made new by the SDK for each login, so that repeating a lost one is no second one.
 *
 * `user` is a wish: it must equal what the credential says, and stands alone only on a `--dev` server. A repetition
 * with a higher `fence` has the session, in whatever order the two are carried out.
 */
export type Login = {
  readonly op: "login";
  readonly device: Device;
  readonly login: string;
  readonly token?: string | undefined;
  readonly user?: string | undefined;
  readonly tag?: string | undefined;
  readonly fence?: number | undefined;
  readonly tab?: string | undefined;
  readonly sdk?: string | undefined;
};

/** End this session. */
export type Logout = {
  readonly op: "logout";
};

/** Move my read marks to the end of these conversations; without any, of all that have something unread. */
export type MarkAllRead = {
  readonly op: "mark_all_read";
  readonly conversations?: readonly string[] | undefined;
};

/** Put a mark of mine to a conversation, for all my sessions, beside those that it has. */
export type MarkConversation = {
  readonly op: "mark";
  readonly conversation: string;
  readonly mark: string;
};

/** Tell that this device has the messages up to `seq`. Senders who asked for a receipt hear of my first device. */
export type MarkDelivered = {
  readonly op: "mark_delivered";
  readonly conversation: string;
  readonly seq: number;
};

/** Move my read mark up to `seq`, for all my sessions. A lower one than today's changes nothing. */
export type MarkRead = {
  readonly op: "mark_read";
  readonly conversation: string;
  readonly seq: number;
};

/** Note that I wish to come back to a conversation, for all my sessions. Reading ends it. */
export type MarkUnread = {
  readonly op: "mark_unread";
  readonly conversation: string;
};

/** This user wishes to come back to the conversation. Reading ends it. */
export type MarkedUnread = {
  readonly kind: "marked_unread";
  readonly conversation: string;
  readonly origin?: string | undefined;
};

/** The field is a text in which a regular expression is found (`pattern`). */
export type Matches = {
  readonly is: "matches";
  readonly field: string;
  readonly pattern: string;
  readonly ignore_case?: boolean | undefined;
};

/** A member has another role, or other attributes; what is left out stays. */
export type MemberChanged = {
  readonly kind: "member_changed";
  readonly user: string;
  readonly by: string;
  readonly role?: "manager" | "member" | "owner" | undefined;
  readonly attributes?: { readonly [key: string]: Json } | undefined;
  readonly origin?: string | undefined;
};

/**
 * A member as others see them; a restricted user, member or not, with `until` when, left out for ever.
 *
 * On the list of members it says how far they have read, and how far a device of theirs has what asked for receipts.
 */
export type MemberView = {
  readonly user: string;
  readonly role?: "manager" | "member" | "owner" | undefined;
  readonly attributes?: { readonly [key: string]: Json } | undefined;
  readonly until?: number | undefined;
  readonly delivered?: number | undefined;
  readonly read?: number | undefined;
};

/** Who is asked for, by user id; `next` asks for the following page. */
export type Members = {
  readonly kind: "members";
  readonly conversation: string;
  readonly members: readonly MemberView[];
  readonly next?: string | undefined;
};

/** Users became members: of themselves when `by` is the only one of `users`, else by invitation. */
export type MembersJoined = {
  readonly kind: "joined";
  readonly users: readonly string[];
  readonly by: string;
  readonly origin?: string | undefined;
};

/** Users are members no more: of themselves when `by` is the only one of `users`, else removed. */
export type MembersLeft = {
  readonly kind: "left";
  readonly users: readonly string[];
  readonly by: string;
  readonly origin?: string | undefined;
};

/** Users may not be members (`blocked`) or not speak (`silenced`) until an instant, else for ever; or may again. */
export type MembersRestricted = {
  readonly kind: "restricted";
  readonly users: readonly string[];
  readonly by: string;
  readonly what: "blocked" | "silenced";
  readonly is_on: boolean;
  readonly until?: number | undefined;
  readonly origin?: string | undefined;
};

/** Who is a member after the change; nobody, for a reader who is none then. */
export type Membership = {
  readonly kind: "membership";
  readonly conversation: string;
  readonly members: readonly string[];
};

/**
 * A message got its place. `key` is the sender's own, by which the sending tab knows its message again.
 *
 * `mentions` names users, `mention_all` everybody. `reply_to` is the seq of the message that this one answers.
 * `receipt` asks to be told who got and who read it. `push` is what a push notification is to carry.
 *
 * The content is the present one: `revision` is the seq of the fact that changed it last, at `revised_at`, and a
 * message that `is_recalled` has none left.
 */
export type MessagePlaced = {
  readonly kind: "message";
  readonly sender: string;
  readonly key: string;
  readonly content: Content;
  readonly mentions?: readonly string[] | undefined;
  readonly mention_all?: boolean | undefined;
  readonly reply_to?: number | undefined;
  readonly receipt?: boolean | undefined;
  readonly push?: { readonly [key: string]: Json } | undefined;
  readonly revision?: number | undefined;
  readonly revised_at?: number | undefined;
  readonly is_recalled?: boolean | undefined;
};

/** A member put a reaction to the message at `message`, or took it away. */
export type MessageReacted = {
  readonly kind: "reacted";
  readonly message: number;
  readonly by: string;
  readonly reaction: string;
  readonly is_on: boolean;
  readonly origin?: string | undefined;
};

/** The message at `message` was taken back: its content is gone. */
export type MessageRecalled = {
  readonly kind: "recalled";
  readonly message: number;
  readonly by: string;
  readonly origin?: string | undefined;
};

/** The message at `message` was edited. When it changed again since, nothing is left in this `content`. */
export type MessageRevised = {
  readonly kind: "revised";
  readonly message: number;
  readonly by: string;
  readonly content: Content;
  readonly mentions?: readonly string[] | undefined;
  readonly mention_all?: boolean | undefined;
  readonly origin?: string | undefined;
};

/** This user deleted these messages, for themselves alone. So many of them had counted as `unread`. */
export type MessagesDeleted = {
  readonly kind: "messages_deleted";
  readonly conversation: string;
  readonly messages: readonly number[];
  readonly unread?: number | undefined;
  readonly origin?: string | undefined;
};

/** Messages that wait for me, by conversation, by id; `next` asks for the following page. */
export type Missed = {
  readonly kind: "missed";
  readonly conversations: readonly MissedConversation[];
  readonly next?: string | undefined;
};

/** What waits in a conversation: its newest messages that I have not read, in rising order, with `gap` before. */
export type MissedConversation = {
  readonly conversation: string;
  readonly messages: readonly HistoryEntry[];
  readonly gap?: Gap | undefined;
};

/** The field has no value, or null. */
export type Missing = {
  readonly is: "missing";
  readonly field: string;
};

/**
 * My streams that moved after the checkpoint asked for, by stream key; `next` asks for the following page.
 *
 * When the last page was read, everything up to `checkpoint` is accounted for.
 */
export type Moved = {
  readonly kind: "moved";
  readonly heads: readonly StreamHead[];
  readonly checkpoint: number;
  readonly next?: string | undefined;
};

/** This condition does not hold. */
export type Not = {
  readonly is: "not";
  readonly of: Condition;
};

/** The field has another value, or none. */
export type NotEqual = {
  readonly is: "not_equal";
  readonly field: string;
  readonly value: string | number | boolean;
};

/** The user keeps nothing under a name any more. */
export type ObjectDropped = {
  readonly kind: "object_dropped";
  readonly name: string;
  readonly key: string;
  readonly origin?: string | undefined;
};

/**
 * The user keeps a value under a name. Its revision is this fact's seq; `key` is that of the session that set it.
 *
 * When something else happened to the name since, it `is_superseded` and nothing is left of the value.
 */
export type ObjectSet = {
  readonly kind: "object_set";
  readonly name: string;
  readonly key: string;
  readonly value?: Json | undefined;
  readonly is_superseded?: boolean | undefined;
  readonly origin?: string | undefined;
};

/** What is kept under a name. `revision` is the seq in the user's stream of the fact that set it, `at` when. */
export type ObjectView = {
  readonly name: string;
  readonly revision: number;
  readonly at: number;
  readonly value: Json;
};

/** What I keep, by name; `next` asks for the following page. */
export type Objects = {
  readonly kind: "objects";
  readonly objects: readonly ObjectView[];
  readonly next?: string | undefined;
};

/** The field has one of these values. */
export type OneOf = {
  readonly is: "one_of";
  readonly field: string;
  readonly values: readonly (string | number | boolean)[];
};

/** What a thread is under: a message of a group, by its place. */
export type Parent = {
  readonly conversation: string;
  readonly message: number;
};

/** The transient message was passed on to who is here. Whether it reached anybody is not known. */
export type Passed = {
  readonly kind: "passed";
  readonly at: number;
};

/** Have a conversation stand above others, on all my sessions; one pinned already stays where it is. */
export type PinConversation = {
  readonly op: "pin";
  readonly conversation: string;
};

/** Ask for a sign of life; the answer carries the checkpoint reached. */
export type Ping = {
  readonly op: "ping";
};

/** The message is durable and has its place. The only acknowledgement of a send. */
export type Placed = {
  readonly kind: "placed";
  readonly stream: string;
  readonly epoch: number;
  readonly seq: number;
  readonly at: number;
};

/** A sign of life, with the checkpoint everything pushed so far leads to. */
export type Pong = {
  readonly kind: "pong";
  readonly checkpoint: number;
};

/** A user who is watched came or went. `platforms` are those of the sessions; `seen_at` is known of who went. */
export type Presence = {
  readonly kind: "presence";
  readonly user: string;
  readonly state: "offline" | "online";
  readonly platforms?: readonly string[] | undefined;
  readonly seen_at?: number | undefined;
};

/** Who is there, in the order asked for; as the caller may see it. */
export type Presences = {
  readonly kind: "presences";
  readonly presences: readonly Presence[];
};

/** This session is in a room no more, with any of its tabs: its user was blocked there. */
export type PutOut = {
  readonly kind: "put_out";
  readonly conversation: string;
};

/** Cease to be a member. */
export type Quit = {
  readonly op: "quit";
  readonly conversation: string;
};

/** Put a reaction, such as an emoji, to the message at seq `message`, or take mine away (`on` false). */
export type React = {
  readonly op: "react";
  readonly conversation: string;
  readonly message: number;
  readonly reaction: string;
  readonly on?: boolean | undefined;
};

/** How many members put a reaction to a message, and whether the reader is one of them. */
export type ReactionCount = {
  readonly reaction: string;
  readonly count: number;
  readonly is_mine?: boolean | undefined;
};

/**
 * Another user has read this user's messages up to `seq` that asked for a receipt.
 *
 * Those up to `after` were told before, or are from before `user` came.
 */
export type ReadBy = {
  readonly kind: "read_by";
  readonly conversation: string;
  readonly seq: number;
  readonly user: string;
  readonly after?: number | undefined;
};

/** My read mark after the command, which may be further than asked, and how much is left unread. */
export type ReadMark = {
  readonly kind: "read_mark";
  readonly conversation: string;
  readonly seq: number;
  readonly unread?: number | undefined;
};

/**
 * This user has read the conversation up to `seq`. Never moves back.
 *
 * Of what stood there up to `head`, `unread` messages of others are left, with `mentions` calls to the user.
 */
export type ReadMarkMoved = {
  readonly kind: "read";
  readonly conversation: string;
  readonly seq: number;
  readonly head: number;
  readonly unread?: number | undefined;
  readonly mentions?: number | undefined;
  readonly origin?: string | undefined;
};

/**
 * Ask for facts of one of my streams, in order, those after `after`.
 *
 * With the `epoch` in which `after` was reached, the server says so where the position cannot be continued.
 */
export type ReadStream = {
  readonly op: "read";
  readonly stream: string;
  readonly after: number;
  readonly limit?: number | undefined;
  readonly epoch?: number | undefined;
};

/** Take my message at seq `message` back. */
export type RecallMessage = {
  readonly op: "recall";
  readonly conversation: string;
  readonly message: number;
};

/** Who of the other members got my message, on whatever device, and who read it; `of` so many. */
export type Receipts = {
  readonly kind: "receipts";
  readonly conversation: string;
  readonly message: number;
  readonly delivered: readonly string[];
  readonly read: readonly string[];
  readonly of: number;
};

/** Server to client: not done. `re` is 0 when the frame could not be read far enough to know its id. */
export type Refusal = {
  readonly is: "error";
  readonly re: number;
  readonly code: string;
  readonly message: string;
  readonly retryable?: boolean | undefined;
  readonly retry_after_ms?: number | undefined;
  readonly numbers?: { readonly [key: string]: number | string } | undefined;
};

/**
 * Name the way by which this device gets push notifications; a later one takes its place.
 *
 * `provider` and `token` are what the service of the operator's understands: nobody here looks into them.
 */
export type RegisterPush = {
  readonly op: "register_push";
  readonly provider: string;
  readonly token: string;
};

/** Give a claim up undone: the next who asks has it. One that is another's by now is left alone. */
export type ReleaseClaim = {
  readonly op: "release_claim";
  readonly name: string;
  readonly number: number;
};

/** Note something about a contact, for all my sessions and nobody else; nothing without a remark. */
export type RemarkContact = {
  readonly op: "remark_contact";
  readonly user: string;
  readonly remark?: string | undefined;
};

/** This user noted something about their contact `user`, or nothing any more. Nobody else sees it. */
export type RemarkSet = {
  readonly kind: "remark_set";
  readonly user: string;
  readonly by: string;
  readonly remark?: string | undefined;
  readonly origin?: string | undefined;
};

/** Be no contact of a user any more, or withdraw my invitation; they are told. Neither there is no fault. */
export type RemoveContact = {
  readonly op: "remove_contact";
  readonly user: string;
};

/** Remove a file of mine. Messages that tell of it stay; the link in them leads nowhere. */
export type RemoveFile = {
  readonly op: "remove_file";
  readonly file: string;
};

/** Make members leave. Those who are none already are passed over. */
export type RemoveMembers = {
  readonly op: "remove";
  readonly conversation: string;
  readonly users: readonly string[];
  readonly grant?: string | undefined;
};

/** Keep a claim for `lease_s` more seconds. `number` is the one it was given with. */
export type RenewClaim = {
  readonly op: "renew_claim";
  readonly name: string;
  readonly number: number;
  readonly lease_s?: number | undefined;
};

/** Server to client: done, and this came of it. */
export type Reply = {
  readonly is: "reply";
  readonly re: number;
  readonly answer: Answer;
};

/** Answer what this session was asked; or, with an `error`, say why not. The first answer counts. */
export type ReplyTo = {
  readonly op: "reply";
  readonly id: string;
  readonly data?: Json | undefined;
  readonly error?: string | undefined;
};

/** Client to server: do this. `id` is the client's, new for each request of a connection. */
export type Request = {
  readonly id: number;
  readonly do: Command;
};

/**
 * Ask where to put a file of up to `size` bytes, so that messages can tell of it.
 *
 * A `type` that is not on the list of those known is kept as `application/octet-stream`.
 */
export type RequestUpload = {
  readonly op: "upload";
  readonly name: string;
  readonly size: number;
  readonly type?: string | undefined;
};

/** Let users be no members (`blocked`) or not speak (`silenced`), for some time or for ever; or let them again. */
export type Restrict = {
  readonly op: "restrict";
  readonly conversation: string;
  readonly users: readonly string[];
  readonly what: "blocked" | "silenced";
  readonly on?: boolean | undefined;
  readonly for_s?: number | undefined;
  readonly grant?: string | undefined;
};

/**
 * Carry on a session on a new connection. Never displaces another session.
 *
 * A `fence` below the highest one seen for the session is refused; without one the server takes the next.
 */
export type Resume = {
  readonly op: "resume";
  readonly session: string;
  readonly resume_token: string;
  readonly fence?: number | undefined;
  readonly tab?: string | undefined;
  readonly sdk?: string | undefined;
};

/** The least role that may: add members, remove them, change name and attributes, call everybody, and restrict. */
export type Rules = {
  readonly add?: "manager" | "member" | "owner" | undefined;
  readonly remove?: "manager" | "member" | "owner" | undefined;
  readonly update?: "manager" | "member" | "owner" | undefined;
  readonly mention_all?: "manager" | "member" | "owner" | undefined;
  readonly restrict?: "manager" | "member" | "owner" | undefined;
};

/**
 * Ask for messages that have all words of a text, the newest first, in one of my conversations or in all of them.
 *
 * `after` is the `next` of the page before.
 */
export type SearchMessages = {
  readonly op: "search";
  readonly text: string;
  readonly conversation?: string | undefined;
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
};

/** A place in a room that a tab of a session has, or the session as a whole. */
export type Seat = {
  readonly room: string;
  readonly tab?: string | undefined;
};

/**
 * Place a message. `key` is the sender's: repeating it, from any tab, ever, gives the first place again.
 *
 * A `transient` one gets no place: it reaches who is here now, is in no history, and a repetition is another message.
 * `priority` says what a congested connection is spared first in a room; elsewhere it is ignored.
 * `mentions`, `mention_all`, `reply_to`, `receipt` and `push` as in `facts.MessagePlaced`.
 */
export type SendMessage = {
  readonly op: "send";
  readonly conversation: string;
  readonly key: string;
  readonly content: Content;
  readonly transient?: boolean | undefined;
  readonly mentions?: readonly string[] | undefined;
  readonly mention_all?: boolean | undefined;
  readonly reply_to?: number | undefined;
  readonly receipt?: boolean | undefined;
  readonly push?: { readonly [key: string]: Json } | undefined;
  readonly priority?: "high" | "low" | "normal" | undefined;
};

/** A fact in its stream. */
export type SeqFact = {
  readonly seq: number;
  readonly at: number;
  readonly fact: Fact;
};

/** A login is over. `newcomer` names the device that took the slot, when one did, `why` what the operator said. */
export type SessionEnded = {
  readonly kind: "session_ended";
  readonly session: string;
  readonly device: string;
  readonly reason: "closed" | "displaced" | "expired" | "logged_out" | "replaced" | "revoked";
  readonly newcomer?: Label | undefined;
  readonly why?: string | undefined;
};

/** One of this user's devices logged in. */
export type SessionOpened = {
  readonly kind: "session_opened";
  readonly session: string;
  readonly device: string;
  readonly shown: Label;
  readonly tag?: string | undefined;
};

/** One of a user's sessions. `seen_at` is when it last spoke, `tabs` are those that share it, while it is live. */
export type SessionView = {
  readonly session: string;
  readonly device: string;
  readonly shown: Label;
  readonly state: "detached" | "live";
  readonly opened_at: number;
  readonly seen_at: number;
  readonly tag?: string | undefined;
  readonly address?: string | undefined;
  readonly is_this?: boolean | undefined;
  readonly tabs?: readonly TabView[] | undefined;
};

/** A user's sessions that are not over, the oldest login first; `next` asks for the following page. */
export type Sessions = {
  readonly kind: "sessions";
  readonly sessions: readonly SessionView[];
  readonly next?: string | undefined;
};

/** Say of which messages of a conversation I want to be alerted, on all my sessions. */
export type SetLevel = {
  readonly op: "level";
  readonly conversation: string;
  readonly level: "all" | "mentions" | "none";
};

/**
 * Give a member another role, or other attributes in place of those they have.
 *
 * The owner who makes another the owner is a manager from then on.
 */
export type SetMember = {
  readonly op: "set_member";
  readonly conversation: string;
  readonly user: string;
  readonly role?: "manager" | "member" | "owner" | undefined;
  readonly attributes?: { readonly [key: string]: Json } | undefined;
};

/**
 * Keep a value under a name, for all my sessions; `key` is made anew for each, so that a repeat changes nothing.
 *
 * `expect` is the revision that it must have now, 0 for none at all.
 */
export type SetObject = {
  readonly op: "set_object";
  readonly name: string;
  readonly value: Json;
  readonly key: string;
  readonly expect?: number | undefined;
};

/** Say who may write to me: `anyone` whom the app lets, or my `contacts` alone. */
export type SetWriting = {
  readonly op: "set_writing";
  readonly writing: "anyone" | "contacts";
};

/** Say which tabs share this session now: all of them, in place of those told before. */
export type ShareTabs = {
  readonly op: "tabs";
  readonly tabs: readonly Tab[];
};

/** Tell something to the other end of a call, such as an offer, an answer or a candidate; of several, to one. */
export type SignalCall = {
  readonly op: "call_signal";
  readonly call: string;
  readonly data: Json;
  readonly session?: string | undefined;
};

/** What is left to be alerted of, at most: `mentions`, or `none`. For good, unless it ends or has windows. */
export type Silence = {
  readonly level?: "mentions" | "none" | undefined;
  readonly until?: number | undefined;
  readonly windows?: readonly Window[] | undefined;
};

/** Be alerted of less in all my conversations, as `SilenceConversation` does it for one; the quieter one counts. */
export type SilenceAll = {
  readonly op: "silence_all";
  readonly level?: "mentions" | "none" | undefined;
  readonly until?: number | undefined;
  readonly windows?: readonly Window[] | undefined;
};

/**
 * Be alerted of less than my level says, on all my sessions: of `mentions`, or of `none`.
 *
 * For good, or `until` an instant, and only within `windows` where there are any. It takes the place of an earlier
 * silence.
 */
export type SilenceConversation = {
  readonly op: "silence";
  readonly conversation: string;
  readonly level?: "mentions" | "none" | undefined;
  readonly until?: number | undefined;
  readonly windows?: readonly Window[] | undefined;
};

/** When the user wants to hear less of all conversations; None for as usual. */
export type SilenceOfAll = {
  readonly kind: "silence_of_all";
  readonly silence?: Silence | undefined;
};

/** The field is a list of so many values; one in the attributes. */
export type Size = {
  readonly is: "size";
  readonly field: string;
  readonly count: number;
};

/** A field to sort by. Going up, what has none comes first, then texts, then numbers and booleans. */
export type SortKey = {
  readonly by: string;
  readonly descending?: boolean | undefined;
};

/**
 * Call users, or all other members of a conversation that lists them; I am in the call with this session.
 *
 * `key` is made anew for each call, so that a repeat is the same call. `data` comes along with the ring.
 */
export type StartCall = {
  readonly op: "call";
  readonly key: string;
  readonly users?: readonly string[] | undefined;
  readonly conversation?: string | undefined;
  readonly media?: "audio" | "video" | undefined;
  readonly data?: Json | undefined;
  readonly ring_s?: number | undefined;
};

/**
 * What the reader holds of a stream cannot be continued: drop it, and read `first` to `until` anew if it matters.
 *
 * `reason`: reached in another epoch, or beyond the end (an older copy was restored), or what follows is not kept.
 */
export type StartOver = {
  readonly kind: "start_over";
  readonly stream: string;
  readonly epoch: number;
  readonly first: number;
  readonly until: number;
  readonly reason: "ahead" | "epoch_changed" | "trimmed";
};

/** The field is a text that starts with this one. */
export type StartsWith = {
  readonly is: "starts_with";
  readonly field: string;
  readonly text: string;
};

/** How far a stream has come for the reader: for a former member, up to where they left. */
export type StreamHead = {
  readonly stream: string;
  readonly epoch: number;
  readonly seq: number;
};

/** Ask which of my streams moved after a checkpoint, a page at a time. */
export type Sync = {
  readonly op: "sync";
  readonly checkpoint?: number | undefined;
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
};

/** A tab or window that shares the session. */
export type Tab = {
  readonly tab: string;
  readonly since?: number | undefined;
  readonly label?: string | undefined;
};

/** A tab of this session is to go; `why` is what the operator said who closed it. */
export type TabClosed = {
  readonly kind: "tab_closed";
  readonly tab: string;
  readonly why?: string | undefined;
};

/** A tab or window that shares a session, as its client tells: since when, and how it shows itself to people. */
export type TabView = {
  readonly tab: string;
  readonly since?: number | undefined;
  readonly label?: string | undefined;
};

/** Other tabs share one of my sessions now. */
export type TabsChanged = {
  readonly kind: "tabs";
  readonly session: string;
  readonly tabs?: readonly TabView[] | undefined;
};

/** Take values out of a list, wherever they are in it. */
export type TakeOut = {
  readonly do: "take_out";
  readonly values: readonly Json[];
};

/**
 * Tell something to sessions of mine, other than this one unless it is named: `data` under a name, or a message.
 *
 * `key` is made anew for each: a repetition has the same, so that who hears it twice can tell. `tab` is that of this
 * session's tabs which tells it. With `keep_s` it waits so long for sessions that do not say that they took it.
 */
export type Tell = {
  readonly op: "tell";
  readonly key: string;
  readonly to?: Address | undefined;
  readonly name?: string | undefined;
  readonly data?: Json | undefined;
  readonly content?: Content | undefined;
  readonly priority?: "high" | "low" | "normal" | undefined;
  readonly tab?: string | undefined;
  readonly keep_s?: number | undefined;
};

/** Tell the other members that I began, or ceased, to write. */
export type TellTyping = {
  readonly op: "typing";
  readonly conversation: string;
  readonly is_typing?: boolean | undefined;
};

/** The session of the same user that tells something, and which of its tabs, where it says so. */
export type Teller = {
  readonly session: string;
  readonly tab?: string | undefined;
};

/** A thread is over: somebody who may destroyed it. */
export type ThreadEnded = {
  readonly kind: "thread_ended";
  readonly message: number;
  readonly thread: string;
  readonly by: string;
  readonly origin?: string | undefined;
};

/** A thread began under the message at `message`. */
export type ThreadMade = {
  readonly kind: "thread_made";
  readonly message: number;
  readonly thread: string;
  readonly by: string;
  readonly name?: string | undefined;
  readonly origin?: string | undefined;
};

/** A thread has another name, or none. */
export type ThreadRenamed = {
  readonly kind: "thread_renamed";
  readonly message: number;
  readonly thread: string;
  readonly by: string;
  readonly name?: string | undefined;
  readonly origin?: string | undefined;
};

/**
 * Something for this session: `data` under a name of the application's, or a message that is in no conversation.
 *
 * `id` is the key of its teller: what has the same, and comes of the same, was heard already. Where there is no
 * `teller`, the application's server told it. With `tab` it is for that tab alone. What `is_kept` comes again until
 * the session says that it took it.
 */
export type Told = {
  readonly kind: "told";
  readonly id: string;
  readonly at: number;
  readonly name?: string | undefined;
  readonly data?: Json | undefined;
  readonly content?: Content | undefined;
  readonly teller?: Teller | undefined;
  readonly tab?: string | undefined;
  readonly is_kept?: boolean | undefined;
};

/**
 * What was told while this session was away, the oldest first; some of it may have come before.
 *
 * With `has_more` there is more behind it. Where `lost` is not 0 there was too much of it, and the oldest is gone: the
 * number says up to where, and comes until it was taken.
 */
export type ToldLater = {
  readonly kind: "told_later";
  readonly events?: readonly Told[] | undefined;
  readonly has_more?: boolean | undefined;
  readonly lost?: number | undefined;
};

/**
 * Say what of that which is kept for this session has come, by its ids; with `more`, ask for what waits behind.
 *
 * `lost` is the number under which this session was told that something is gone.
 */
export type Took = {
  readonly op: "took";
  readonly ids: readonly string[];
  readonly more?: boolean | undefined;
  readonly lost?: number | undefined;
};

/**
 * A message that is not kept, else as any other; or one of a room, whose place `seq` is where the room keeps it.
 *
 * One that is recalled there comes again at its place, without its content.
 */
export type TransientMessage = {
  readonly kind: "message";
  readonly conversation: string;
  readonly at: number;
  readonly message: MessagePlaced;
  readonly seq?: number | undefined;
};

/** Servers for the media of calls; names and passwords among them are good for `ttl_s` seconds. */
export type TurnServers = {
  readonly kind: "turn";
  readonly servers: readonly IceServer[];
  readonly ttl_s: number;
};

/** A member began, or ceased, to write a message. */
export type Typing = {
  readonly kind: "typing";
  readonly conversation: string;
  readonly user: string;
  readonly is_typing: boolean;
};

/** Hear from users again; who is not blocked is passed over. */
export type UnblockUsers = {
  readonly op: "unblock_users";
  readonly users: readonly string[];
};

/** Take a mark of mine from a conversation. One that it does not have is no fault. */
export type UnmarkConversation = {
  readonly op: "unmark";
  readonly conversation: string;
  readonly mark: string;
};

/** Have a conversation stand among the others again. One that is not pinned is no fault. */
export type UnpinConversation = {
  readonly op: "unpin";
  readonly conversation: string;
};

/** What waits for me: in all, and by conversation, by id; `next` asks for the following page. */
export type Unread = {
  readonly kind: "unread";
  readonly total: number;
  readonly mentions: number;
  readonly conversations: readonly UnreadConversation[];
  readonly next?: string | undefined;
};

/**
 * A conversation that has something for me: messages of others that I have not read, or my wish to come back.
 *
 * `head` and `read` are its last seq and my mark as of the count. `last` is its newest message.
 */
export type UnreadConversation = {
  readonly conversation: string;
  readonly unread: number;
  readonly head: number;
  readonly read: number;
  readonly mentions?: number | undefined;
  readonly is_marked_unread?: boolean | undefined;
  readonly last?: HistoryEntry | undefined;
};

/** Have this device get no push notifications any more. None registered is no fault. */
export type UnregisterPush = {
  readonly op: "unregister_push";
};

/** Lift the silence of all my conversations; those of single ones stay. None there is no fault. */
export type UnsilenceAll = {
  readonly op: "unsilence_all";
};

/** Lift a silence. None there is no fault. */
export type UnsilenceConversation = {
  readonly op: "unsilence";
  readonly conversation: string;
};

/** Be told no more. Users who are not watched are passed over. */
export type Unwatch = {
  readonly op: "unwatch";
  readonly users: readonly string[];
};

/**
 * Change what a conversation is. What is left out stays; an empty `name` takes the name away.
 *
 * First the paths in `unset` are taken out of the attributes, then those in `set` are put in; what is at those in
 * `amend` is made of what was there. `key` is made anew for each, so that a repeat changes nothing.
 */
export type UpdateConversation = {
  readonly op: "update";
  readonly conversation: string;
  readonly name?: string | undefined;
  readonly set?: { readonly [key: string]: Json } | undefined;
  readonly unset?: readonly string[] | undefined;
  readonly amend?: { readonly [key: string]: Increase | Append | TakeOut } | undefined;
  readonly joining?: "invited" | "open" | undefined;
  readonly rules?: Rules | undefined;
  readonly key?: string | undefined;
};

/**
 * Where the bytes of a file are put, once, by `PUT` and before `until`; where it is read then, and as what type.
 *
 * `put` and `url` begin with a slash where the operator told the server no address of its own.
 */
export type Upload = {
  readonly kind: "upload";
  readonly file: string;
  readonly put: string;
  readonly until: number;
  readonly url: string;
  readonly type: string;
};

/** This user wants to hear nothing from `users`. Invitations of theirs that were open here are gone. */
export type UsersBlocked = {
  readonly kind: "users_blocked";
  readonly users: readonly string[];
  readonly by: string;
  readonly origin?: string | undefined;
};

/** This user hears from `users` again. */
export type UsersUnblocked = {
  readonly kind: "users_unblocked";
  readonly users: readonly string[];
  readonly by: string;
  readonly origin?: string | undefined;
};

/** Be told on this connection when these users come or go. Ask again after each greeting. */
export type Watch = {
  readonly op: "watch";
  readonly users: readonly string[];
};

/**
 * A session is live on this connection.
 *
 * `user` is decided by the server. `resume_token` is given at login only. `heartbeat_s` is the longest silence the
 * server bears; the client pings within it. `checkpoint` is where live delivery begins: everything after it is pushed.
 * `seats` are the rooms that the session is in again by itself.
 */
export type Welcome = {
  readonly kind: "welcome";
  readonly heartbeat_s: number;
  readonly server: string;
  readonly checkpoint: number;
  readonly epoch: number;
  readonly user?: string | undefined;
  readonly session?: string | undefined;
  readonly tab?: string | undefined;
  readonly resume_token?: string | undefined;
  readonly fence?: number | undefined;
  readonly token_expires_at?: number | undefined;
  readonly seats?: readonly Seat[] | undefined;
};

/**
 * Hours of the day, from `start` to before `end`, on the `days` on which they start: on all unless told.
 *
 * Where the end is not behind the start it is on the day after.
 */
export type Window = {
  readonly start: string;
  readonly end: string;
  readonly days?: readonly ("fri" | "mon" | "sat" | "sun" | "thu" | "tue" | "wed")[] | undefined;
  readonly zone?: string | undefined;
};

/** All of these users are members. */
export type WithMembers = {
  readonly is: "with_members";
  readonly users: readonly string[];
};

/** Whom I let write to me: `anyone` whom the app lets, or my `contacts` alone. */
export type WritingRule = {
  readonly kind: "writing";
  readonly writing?: "anyone" | "contacts" | undefined;
};

/** This user said who may write to them: `anyone`, or their `contacts` alone. Nobody else sees it. */
export type WritingSet = {
  readonly kind: "writing_set";
  readonly writing: "anyone" | "contacts";
  readonly by: string;
  readonly origin?: string | undefined;
};

/** What each operation is answered with. */
export type Answers = {
  login: Welcome;
  resume: Welcome;
  logout: Done;
  ping: Pong;
  sync: Moved;
  read: Facts | StartOver;
  create: ConversationView;
  conversation: ConversationView;
  conversations: Conversations;
  add: Membership;
  remove: Membership;
  join: Membership;
  quit: Membership;
  send: Placed | Passed;
  typing: Done;
  edit: Placed;
  recall: Placed;
  react: Done;
  mark_all_read: Unread;
  mark_unread: Done;
  unread: Unread;
  missed: Missed;
  set_object: Placed;
  drop_object: Placed | Done;
  objects: Objects;
  tabs: Done;
  close_tab: Done;
  tell: Addressed;
  took: Done;
  pin: Done;
  unpin: Done;
  mark: Done;
  unmark: Done;
  ask: Answered;
  reply: Done;
  silence: Done;
  unsilence: Done;
  silence_all: Done;
  unsilence_all: Done;
  silence_of_all: SilenceOfAll;
  delete_conversation: Done;
  delete_history: Done;
  delete_messages: Done;
  mark_delivered: Done;
  receipts: Receipts;
  history: History;
  mark_read: ReadMark;
  sessions: Sessions;
  close_session: Done;
  close_device: Done;
  query: FoundConversations;
  search: FoundMessages;
  presence: Presences;
  watch: Presences;
  unwatch: Done;
  update: ConversationView;
  members: Members;
  set_member: Done;
  restrict: Done;
  level: Done;
  enter: Done;
  leave: Done;
  count: Count;
  will: Done;
  no_will: Done;
  register_push: Done;
  unregister_push: Done;
  upload: Upload;
  remove_file: Done;
  dissolve: Done;
  claim: Claimed;
  renew_claim: Claimed;
  finish_claim: Claimed;
  release_claim: Claimed;
  call: CallAnswer;
  answer: CallAnswer;
  decline: CallAnswer;
  hang_up: CallAnswer;
  hand_over: CallAnswer;
  call_signal: Done;
  calls: Calls;
  turn: TurnServers;
  invite_contact: Done;
  accept_contact: Done;
  decline_contact: Done;
  remove_contact: Done;
  remark_contact: Done;
  block_users: Done;
  unblock_users: Done;
  set_writing: Done;
  writing: WritingRule;
  contacts: Contacts;
  create_thread: ConversationView;
  threads: Conversations;
};
