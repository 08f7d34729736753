/* SPDX-License-Identifier: MIT */
/*
 * go_types.c - types of Go's standard library, by the name of their package, as AllocFree names
 * them: `http.Server`. A type of the program's own that has both names is no secret. Those of
 * packages that programs which run hardly use are left out (compilers' and other systems').
 */
#include "edit/go_std.h"

#include <string.h>

/* Types are between blanks. A package that has many has several rows. */
static const struct {
	const char *package, *types;
} rows[] = {
	{"abi",
	 " ArrayType BoundsErrorCode ChanDir ChanType CommonInterface EmptyInterface FuncFlag "
	 "FuncID FuncType ITab Imethod IntArgRegBitmap InterfaceSwitch InterfaceSwitchCache "
	 "InterfaceSwitchCacheEntry InterfaceType Kind MapType Method Name NameOff "
	 "NonEmptyInterface Offset PCLnTabMagic PtrType RF_State RegArgs SliceType StructField "
	 "StructType TFlag TextOff Type TypeAssert TypeAssertCache TypeAssertCacheEntry TypeOff "
	 "UncommonType sliceHeader stringHeader structTypeUncommon "},
	{"adler32", " digest "},
	{"aes",
	 " KeySizeError aesCipher aesCipherAsm aesCipherGCM cbcDecAble cbcEncAble ctrAble "
	 "gcmAble gcmAsm "},
	{"arena", " Arena "},
	{"ascii85", " CorruptInputError decoder encoder "},
	{"asmgen", " Arch Asm Carry Func Hint Option Pipe Reg RegPtr RegsUsed "},
	{"asn1",
	 " BitString Enumerated Flag ObjectIdentifier RawContent RawValue StructuralError "
	 "SyntaxError ampersandFlag asteriskFlag bitStringEncoder byteEncoder bytesEncoder "
	 "encoder fieldParameters int64Encoder invalidUnmarshalError multiEncoder oidEncoder "
	 "setEncoder stringEncoder tagAndLength taggedEncoder "},
	{"atomic",
	 " Bool Float64 Int32 Int64 Pointer Uint32 Uint64 Uint8 Uintptr UnsafePointer Value "
	 "align64 efaceWords ifaceWords noCopy "},
	{"base32", " CorruptInputError Encoding decoder encoder newlineFilteringReader "},
	{"base64", " CorruptInputError Encoding decoder encoder newlineFilteringReader "},
	{"benchmarks", " asyncHandler disabledHandler event fastTextHandler "},
	{"big",
	 " Accuracy ErrNaN Float Int Rat RoundingMode Word byteReader decimal divisor form nat "
	 "stack stackInner "},
	{"binary",
	 " AppendByteOrder ByteOrder bigEndian coder decoder encoder littleEndian nativeEndian "},
	{"bisect", " Matcher Writer atomicPointerDedup cond dedup parseError "},
	{"bits", " errorString "},
	{"buffer", " Buffer "},
	{"bufio", " ReadWriter Reader Scanner SplitFunc Writer "},
	{"bytes", " Buffer Reader asciiSet readOp "},
	{"bzip2",
	 " StructuralError bitReader huffmanCode huffmanNode huffmanSymbolLengthPair huffmanTree "
	 "moveToFrontDecoder reader "},
	{"cgi", " Handler neverEnding response "},
	{"cgo", " Handle Incomplete "},
	{"cgotest", " _ "},
	{"cgroup", " CPU Version lineReader stringError "},
	{"cgrouptest", " CgroupV2 "},
	{"chacha8rand", " State errUnmarshalChaCha8 "},
	{"cipher",
	 " AEAD Block BlockMode Stream StreamReader StreamWriter aesCtrWrapper cbc cbcDecAble "
	 "cbcDecrypter cbcEncAble cbcEncrypter cfb ctr ctrAble gcm gcmAble gcmFallback "
	 "gcmFieldElement gcmWithRandomNonce ofb "},
	{"cmp", " Ordered "},
	{"context",
	 " CancelCauseFunc CancelFunc Context afterFuncCtx afterFuncer backgroundCtx cancelCtx "
	 "canceler deadlineExceededError emptyCtx stopCtx stringer timerCtx todoCtx valueCtx "
	 "withoutCancelCtx "},
	{"cookiejar", " Jar Options PublicSuffixList entry "},
	{"coverage", " emitState fileType pkfunc tstate "},
	{"cpu", " CacheLinePad option riscvHWProbePairs "},
	{"crc32", " Table digest slicing8Table sse42Table "},
	{"crc64", " Table digest "},
	{"crypto",
	 " Decapsulator Decrypter DecrypterOpts Encapsulator Hash MessageSigner PrivateKey "
	 "PublicKey Signer SignerOpts hashUnavailableError "},
	{"csv", " ParseError Reader Writer position "},
	{"debug", " BuildInfo BuildSetting CrashOptions GCStats Module "},
	{"des", " KeySizeError desCipher tripleDESCipher "},
	{"driver",
	 " ColumnConverter Conn ConnBeginTx ConnPrepareContext Connector Driver DriverContext "
	 "Execer ExecerContext IsolationLevel NamedValue NamedValueChecker NotNull Null Pinger "
	 "Queryer QueryerContext Result Rows RowsAffected RowsColumnScanner "
	 "RowsColumnTypeDatabaseTypeName RowsColumnTypeLength RowsColumnTypeNullable "
	 "RowsColumnTypePrecisionScale RowsColumnTypeScanType RowsNextResultSet ScanContext "
	 "SessionResetter Stmt StmtExecContext StmtQueryContext Tx TxOptions Validator Value "
	 "ValueConverter Valuer boolType decimalDecompose defaultConverter int32Type noRows "
	 "stringType "},
	{"dsa", " ParameterSizes Parameters PrivateKey PublicKey "},
	{"ecdh", " Curve KeyExchanger PrivateKey PublicKey nistCurve nistPoint x25519Curve "},
	{"ecdsa",
	 " PrivateKey PublicKey boringPriv boringPub combinedMult invertible nistCurve nistPoint "
	 "zr "},
	{"ed25519", " Options PrivateKey PublicKey "},
	{"elliptic", " Curve CurveParams nistCurve nistPoint p256Curve unmarshaler "},
	{"embed", " FS file openDir openFile "},
	{"encoding",
	 " BinaryAppender BinaryMarshaler BinaryUnmarshaler TextAppender TextMarshaler "
	 "TextUnmarshaler "},
	{"errors", " errorString joinError "},
	{"example1", " MyStruct "},
	{"example2", " MyStruct "},
	{"exec", " Cmd Error ExitError closeOnce ctxResult prefixSuffixSaver wrappedError "},
	{"exithook", " Hook "},
	{"expvar", " Float Func Int KeyValue Map String Var jsonVar "},
	{"fcgi",
	 " beginRequest bufWriter child conn envVarsContextKey header recType record request "
	 "response streamWriter "},
	{"filepath", " WalkFunc lazybuf statDirEntry "},
	{"filepathlite", " lazybuf "},
	{"flag",
	 " ErrorHandling Flag FlagSet Getter Value boolFlag boolFuncValue boolValue "
	 "durationValue float64Value funcValue int64Value intValue stringValue textValue "
	 "uint64Value uintValue "},
	{"flate",
	 " CorruptInputError InternalError ReadError Reader Resetter WriteError Writer "
	 "advancedState byFreq byLiteral compressionLevel compressor decompressor deflateFast "
	 "dictDecoder dictWriter fastEnc fastEncL1 fastEncL2 fastEncL3 fastEncL4 fastEncL5 "
	 "fastEncL6 fastGen hcode huffmanBitWriter huffmanDecoder huffmanEncoder indexer "
	 "levelInfo literalNode tableEntry tableEntryPrev token tokens "},
	{"fmt",
	 " Formatter GoStringer ScanState Scanner State Stringer buffer fmt fmtFlags pp readRune "
	 "scanError ss ssave stringReader wrapError wrapErrors "},
	{"fmtsort", " KeyValue SortedMap "},
	{"fnv", " sum128 sum128a sum32 sum32a sum64 sum64a "},
	{"fs",
	 " DirEntry FS File FileInfo FileMode GlobFS PathError ReadDirFS ReadDirFile ReadFileFS "
	 "ReadLinkFS StatFS SubFS WalkDirFunc dirInfo statDirEntry subFS "},
	{"gate", " Gate "},
	{"gc", " ObjMask PtrMask "},
	{"gen",
	 " Array File Func Mask64 Mask8 Ptr Uint64 Uint64x8 Uint8x64 Value Word fileConst kind "
	 "loc locMem locReg op opHeap regClass regSet valAny valGP void wrap "},
	{"goarch", " ArchFamilyType "},
	{"gob",
	 " CommonType Decoder Encoder GobDecoder GobEncoder arrayType debugger decBuffer "
	 "decEngine decHelper decInstr decOp decoderState emptyStruct encBuffer encEngine "
	 "encHelper encInstr encOp encoderState fieldType gobEncoderType gobError gobType "
	 "mapType peekReader sliceType structType tab typeId typeInfo userTypeInfo wireType "},
	{"godebug", " Setting runtimeStderr setting value "},
	{"godebugs", " Info RemovedInfo "},
	{"gzip", " Header Reader Writer "},
	{"hash", " Cloner Hash Hash32 Hash64 XOF "},
	{"heap", " Interface "},
	{"hex", " InvalidByteError decoder dumper encoder "},
	{"hmac", " hmac marshalable "},
	{"hpke",
	 " AEAD KDF KEM PrivateKey PublicKey Recipient Sender aead context dhKEM dhKEMPrivateKey "
	 "dhKEMPublicKey exportOnlyAEAD hkdfKDF hybridKEM hybridPrivateKey hybridPublicKey "
	 "mlkemKEM mlkemPrivateKey mlkemPublicKey shakeKDF unsupportedCurveKEM "},
	{"http",
	 " Client ClientConn CloseNotifier ConnState Cookie CookieJar CrossOriginProtection Dir "
	 "File FileSystem Flusher HTTP2Config Handler HandlerFunc Header Hijacker MaxBytesError "
	 "ProtocolError Protocols PushOptions Pusher Request Response ResponseController "
	 "ResponseWriter RoundTripper SameSite ServeMux Server Transport anyDirs atomicBool body "
	 "bodyEOFSignal bodyLocked bufioFlushWriter byteReader cancelKey cancelTimerBody "
	 "checkConnErrorWriter chunkWriter closeIdleConnectionser closeWriter condResult conn "
	 "connLRU connOrError connReader connectMethod connectMethodKey contextKey "
	 "countingWriter dialClientConner dirEntryDirs entry eofReader erringRoundTripper "
	 "errorReader exactSig expectContinueReader extraHeader fakeLocker fileHandler "
	 "fileInfoDirs fileTransport finishAsyncByteRead genericClientConn globalOptionsHandler "
	 "gzipReader h2Transport headerSorter htmlSig http1ClientConn http2ClientConn "
	 "http2ClientConnPool http2ClientConnState http2Configer http2ConnectionError "
	 "http2ContinuationFrame http2DataFrame http2ErrCode http2ErringRoundTripper "
	 "http2ExternalServerConfig http2ExternalTransportConfig http2Flags http2Frame "
	 "http2FrameHeader http2FrameType http2FrameWriteRequest http2Framer http2GoAwayError "
	 "http2GoAwayFrame http2Handler http2HeadersFrame http2HeadersFrameParam "
	 "http2MetaHeadersFrame http2OpenStreamOptions http2PingFrame http2PriorityFrame "
	 "http2PriorityParam http2PriorityWriteSchedulerConfig http2PushPromiseFrame "
	 "http2PushPromiseParam http2RSTStreamFrame http2ResponseWriter http2RoundTripOpt "
	 "http2RoundTripper http2ServeConnOpts http2Server http2ServerConfig http2Setting "
	 "http2SettingID http2SettingsFrame http2StreamError http2Transport http2UnknownFrame "
	 "http2WindowUpdateFrame http2WriteScheduler http2addConnCall http2bodyReadMsg "
	 "http2bufferedWriter http2chunkWriter http2clientConn http2clientConnIdleState "
	 "http2clientConnPool http2clientConnPoolIdleCloser http2clientConnReadLoop "
	 "http2clientStream http2closeWaiter http2connError http2connectionStater "
	 "http2dataBuffer http2dialCall http2duplicatePseudoHeaderError http2erringRoundTripper "
	 "http2errorReader http2flow http2flushFrameWriter http2frameCache http2frameParser "
	 "http2frameWriteResult http2gate http2goAwayFlowError http2goroutineLock "
	 "http2gzipReader http2handlerPanicRST http2headerFieldNameError "
	 "http2headerFieldValueError http2headersEnder http2headersOrContinuation http2httpError "
	 "http2incomparable http2inflow http2missingBody http2noBodyReader "
	 "http2noCachedConnError http2noDialClientConnPool http2noDialH2RoundTripper "
	 "http2outflow http2pipe http2pipeBuffer http2priorityNode http2priorityNodeState "
	 "http2priorityWriteScheduler http2pseudoHeaderError http2randomWriteScheduler "
	 "http2readFrameResult http2requestBody http2requestParam http2resAndError "
	 "http2responseWriter http2responseWriterState http2roundRobinWriteScheduler "
	 "http2serverConn http2serverInternalState http2serverMessage "
	 "http2sortPriorityNodeSiblings http2sorter http2startPushRequest http2stickyErrWriter "
	 "http2stream http2streamEnder http2streamState http2stringWriter "
	 "http2transportResponseBody http2unstartedHandler http2write100ContinueHeadersFrame "
	 "http2writeContext http2writeData http2writeFramer http2writeGoAway http2writePingAck "
	 "http2writePushPromise http2writeQueue http2writeQueuePool http2writeResHeaders "
	 "http2writeSettings http2writeSettingsAck http2writeWindowUpdate http3ServerHandler "
	 "httpError httpRange incomparable initALPNRequest ioFS ioFile keyValues loggingConn "
	 "mapping maskedSig maxBytesReader mp4Sig muxEntry newClientConner noBody noopHandler "
	 "nothingWrittenError onceCloseListener pattern persistConn persistConnWriter "
	 "populateResponse readResult readTrackingBody readWriteCloserBody redirectHandler "
	 "relationship requestAndChan requestBodyReadError response responseAndError "
	 "routingIndex routingIndexKey routingNode rwUnwrapper segment serveMux121 serverHandler "
	 "sniffSig socksAddr socksAuthMethod socksCommand socksConn "},
	{"http",
	 " socksDialer socksReply socksUsernamePassword statusError stringWriter tLogKey textSig "
	 "timeoutError timeoutHandler timeoutWriter tlsHandshakeTimeoutError transferReader "
	 "transferWriter transportConfig transportReadFromServerError transportRequest "
	 "unencryptedHTTP2Request unencryptedNetConnInTLSConn unsupportedTEError wantConn "
	 "wantConnQueue writeRequest writerOnly "},
	{"http2",
	 " ClientConn ClientConnState ClientRequest ClientResponse Config ConnState "
	 "ConnectionError ContinuationFrame DataFrame ErrCode Flags Frame FrameHeader FrameType "
	 "FrameWriteRequest Framer GoAwayError GoAwayFrame Handler Header HeadersFrame "
	 "HeadersFrameParam MetaHeadersFrame NetHTTPClientConn OpenStreamOptions PingFrame "
	 "PriorityFrame PriorityParam PriorityUpdateFrame PushOptions PushPromiseFrame "
	 "PushPromiseParam RSTStreamFrame ResponseWriter RoundTripOpt ServeConnOpts Server "
	 "ServerConfig ServerRequest Setting SettingID SettingsFrame StreamError Transport "
	 "TransportConfig UnknownFrame WindowUpdateFrame WriteScheduler addConnCall bodyReadMsg "
	 "bufferedWriter bufferedWriterTimeoutWriter chunkWriter clientConnIdleState "
	 "clientConnPool clientConnReadLoop clientStream closeWaiter connError connOutflow "
	 "connectionStater contextKey dataBuffer dialCall duplicatePseudoHeaderError eofReader "
	 "erringRoundTripper flushFrameWriter frameCache frameParser frameWriteResult "
	 "goAwayFlowError goroutineLock gzipReader handlerPanicRST headerFieldNameError "
	 "headerFieldValueError headersEnder headersOrContinuation httpError incomparable inflow "
	 "missingBody noCachedConnError noDialClientConnPool outflow pipe pipeBuffer "
	 "priorityWriteSchedulerRFC9218 pseudoHeaderError readFrameResult requestBody "
	 "resAndError responseWriter responseWriterState roundRobinWriteScheduler "
	 "serve400Handler serverConn serverMessage sorter startPushRequest stickyErrWriter "
	 "stream streamEnder streamMetadata streamState transportResponseBody transportTestHooks "
	 "unencryptedTransport unstartedHandler write100ContinueHeadersFrame writeContext "
	 "writeData writeFramer writeGoAway writePing writePingAck writePushPromise writeQueue "
	 "writeQueuePool writeResHeaders writeSettings writeSettingsAck writeWindowUpdate "},
	{"httpcommon",
	 " EncodeHeadersParam EncodeHeadersResult Request ServerRequestParam ServerRequestResult "},
	{"httptest", " ResponseRecorder Server closeIdleTransport testServerHandler "},
	{"httptrace",
	 " ClientTrace DNSDoneInfo DNSStartInfo GotConnInfo WroteRequestInfo "
	 "clientEventContextKey "},
	{"httputil",
	 " BufferPool ClientConn ProxyRequest ReverseProxy ServerConn delegateReader dumpConn "
	 "failureToReadBody maxLatencyWriter neverEnding switchProtocolCopier writeFlusher "},
	{"intern", " Value key "},
	{"internal",
	 " FlushAfterChunkWriter NotForPublicUse ScanContext ValueError chunkedReader "
	 "chunkedWriter exactSig htmlSig maskedSig mp4Sig sniffSig textSig "},
	{"io",
	 " ByteReader ByteScanner ByteWriter Closer LimitedReader OffsetWriter PipeReader "
	 "PipeWriter ReadCloser ReadSeekCloser ReadSeeker ReadWriteCloser ReadWriteSeeker "
	 "ReadWriter Reader ReaderAt ReaderFrom RuneReader RuneScanner SectionReader Seeker "
	 "StringWriter WriteCloser WriteSeeker Writer WriterAt WriterTo discard eofReader "
	 "multiReader multiWriter nopCloser nopCloserWriterTo onceError pipe teeReader "},
	{"iter", " Seq Seq2 coro "},
	{"json",
	 " Decoder Delim Encoder InvalidUTF8Error InvalidUnmarshalError Marshaler MarshalerError "
	 "MarshalerTo Marshalers Number Options RawMessage SemanticError SyntaxError Token "
	 "UnmarshalFieldError UnmarshalTypeError Unmarshaler UnmarshalerFrom Unmarshalers "
	 "UnsupportedTypeError UnsupportedValueError addressableValue arrayEncoder arshaler "
	 "byIndex coder condAddrEncoder decodeState durationArshaler encOpts encodeState "
	 "encoderFunc errorContext field fieldOptions floatEncoder isZeroer jsonError mapEncoder "
	 "marshaler marshalersOption nonComparable ptrEncoder reflectWithString "
	 "requireKeyedLiterals scanner seenPointers sliceEncoder stringCache stringSlice "
	 "structEncoder structField structFields tagOptions timeArshaler typedArshaler "
	 "typedArshalers typedMarshaler typedMarshalers typedPointer typedUnmarshaler "
	 "typedUnmarshalers uintSet uintSet64 unmarshaler unmarshalersOption unquotedValue "},
	{"jsonflags", " Bools Flags "},
	{"jsonopts",
	 " ArshalValues ByteLimit CoderValues DepthLimit Indent IndentPrefix Options Struct "
	 "experimentalFormatTagSupporter supportFormatTag "},
	{"jsonrpc",
	 " clientCodec clientRequest clientResponse serverCodec serverRequest serverResponse "},
	{"jsontest",
	 " CaseName CasePos Entry canadaRoot citmRoot golangNode golangRoot rawValue stringRoot "
	 "syntheaAddress syntheaCode syntheaCoding syntheaCurrency syntheaExtension syntheaRange "
	 "syntheaReference syntheaRoot twitterEntities twitterRoot twitterStatus twitterURL "
	 "twitterUser "},
	{"jsontext",
	 " Decoder Encoder Kind Options Pointer SyntacticError Token Value bufferStatistics "
	 "decodeBuffer decoderState encodeBuffer encoderState export exporter ioError "
	 "nonComparable numError objectMember objectNameStack objectNamespace "
	 "objectNamespaceStack pointerSuffixError requireKeyedLiterals state stateEntry "
	 "stateMachine "},
	{"jsonwire", " ConsumeNumberState InvalidTextError ValueFlags "},
	{"label", " Label Set "},
	{"list", " Element List "},
	{"log", " Logger "},
	{"lzw", " Order Reader Writer writer "},
	{"macOS",
	 " CFRef CFString OSStatus SecTrustResultType SecTrustSettingsDomain "
	 "SecTrustSettingsResult "},
	{"macos", " CFRef CFString OSStatus "},
	{"mail", " Address AddressParser Header Message addrParser charsetError debugT "},
	{"maphash", " ComparableHasher Hash Hasher Seed "},
	{"maps",
	 " Iter Map bitset ctrl ctrlGroup groupReference groupsReference probeSeq table "
	 "unhashableTypeError "},
	{"md5", " digest "},
	{"metrics", " Description Float64Histogram Sample Value ValueKind "},
	{"mime", " WordDecoder WordEncoder "},
	{"mldsa", " Options Parameters PrivateKey PublicKey "},
	{"mlkem",
	 " DecapsulationKey1024 DecapsulationKey768 EncapsulationKey1024 EncapsulationKey768 "},
	{"multipart",
	 " File FileHeader Form Part Reader Writer part partReader sectionReadCloser "
	 "stickyErrorReader "},
	{"net",
	 " Addr AddrError Buffers Conn DNSConfigError DNSError Dialer Error Flags HardwareAddr "
	 "IP IPAddr IPConn IPMask IPNet Interface InvalidAddrError KeepAliveConfig ListenConfig "
	 "Listener MX NS OpError PacketConn ParseError Resolver SRV TCPAddr TCPConn TCPListener "
	 "UDPAddr UDPConn UnixAddr UnixConn UnixListener UnknownNetworkError _C_char _C_int "
	 "_C_socklen_t _C_struct___res_state _C_struct_addrinfo _C_struct_sockaddr _C_uchar "
	 "_C_uint addrList addrPortUDPAddr addrinfoErrno bufferedPipe buffersWriter byMaskLength "
	 "byName byPref byPriorityWeight byRFC6724 byRFC6724Info canceledError conf conn "
	 "deadlineTimer dnsConfig fakeNetAddr fakeNetFD fakeSockAddr file fileAddr "
	 "hostLookupOrder ipAttr ipLookupResult ipStackCapabilities ipv6ZoneCache mdnsTest "
	 "mptcpStatus mptcpStatusDial mptcpStatusListen netFD noReadFrom noWriteTo notFoundError "
	 "nssConf nssCriterion nssSource nsswitchConfig onlyValuesCtx packet packetQueue "
	 "packetQueueState pipe pipeAddr pipeDeadline policyTable policyTableEntry "
	 "portLookupResult rawConn rawListener resolverConfig reverseLookupResult scope sockaddr "
	 "sysDialer sysListener tcpConnWithoutReadFrom tcpConnWithoutWriteTo temporary "
	 "temporaryError timeout timeoutError unknownAddr writerOnly "},
	{"netip", " Addr AddrPort Prefix addrDetail parseAddrError parsePrefixError uint128 "},
	{"nettest",
	 " Conn Listener PacketConn PacketNet connDeadline connHalf locker netAddr packet queue "},
	{"os",
	 " DirEntry File FileInfo FileMode LinkError PathError ProcAttr Process ProcessState "
	 "Root Signal SyscallError dirFS dirInfo errSymlink file fileStat fileWithoutReadFrom "
	 "fileWithoutWriteTo newFileKind noReadFrom noWriteTo onlyWriter processHandle "
	 "processStatus rawConn readdirMode root rootFS syscallErrorType sysfdType timeout "
	 "unixDirent "},
	{"path", " lazybuf "},
	{"pem", " Block lineBreaker "},
	{"pkix",
	 " AlgorithmIdentifier AttributeTypeAndValue AttributeTypeAndValueSET CertificateList "
	 "Extension Name RDNSequence RelativeDistinguishedNameSET RevokedCertificate "
	 "TBSCertificateList "},
	{"poll",
	 " DeadlineExceededError FD String SysFile errNetClosing fdMutex pollDesc splicePipe "
	 "splicePipeFields "},
	{"pprof",
	 " LabelSet Profile countProfile handler keysByCount label labelContextKey labelMap "
	 "locInfo machVMRegionBasicInfoData memMap msgOffset pcDeck profMap profMapEntry "
	 "profileBuilder profileEntry protobuf runtimeProfile stackProfile symbolizeFlag "},
	{"profilerecord", " BlockProfileRecord MemProfileRecord StackRecord "},
	{"pty", " PtyError "},
	{"quotedprintable", " Reader Writer "},
	{"rand",
	 " ChaCha8 PCG Rand Source Source64 Zipf fastSource hideAgainReader intType lockedSource "
	 "reader rngSource runtimeSource "},
	{"rc4", " Cipher KeySizeError "},
	{"reflect",
	 " ChanDir Kind MapIter Method SelectCase SelectDir SliceHeader StringHeader StructField "
	 "StructTag Type Value ValueError aNameOff aTextOff aTypeOff abiDesc abiSeq abiStep "
	 "abiStepKind arrayType bitVector cacheKey chanType common emptyInterface fieldScan flag "
	 "funcType funcTypeFixed128 funcTypeFixed16 funcTypeFixed32 funcTypeFixed4 "
	 "funcTypeFixed64 funcTypeFixed8 hiter imethod interfaceType layoutKey layoutType "
	 "makeFuncCtxt makeFuncImpl mapType method methodValue name nameOff nonEmptyInterface "
	 "ptrType rtype runtimeSelect sliceType structField structType structTypeUncommon "
	 "textOff tflag typeOff uncommonType visibleFieldsWalker visit "},
	{"reflectlite",
	 " Kind Type Value ValueError arrayType chanDir chanType emptyInterface flag funcType "
	 "imethod interfaceType mapType method name nameOff ptrType rtype sliceType structField "
	 "structType structTypeUncommon textOff tflag typeOff uncommonType "},
	{"regexp",
	 " Regexp bitState entry input inputBytes inputReader inputString inputs job lazyFlag "
	 "machine onePassInst onePassMachine onePassProg queue queueOnePass runeSlice thread "},
	{"ring", " Ring "},
	{"routebsd",
	 " Addr InetAddr InterfaceAddrMessage InterfaceMessage InterfaceMulticastAddrMessage "
	 "LinkAddr Message binaryBigEndian binaryByteOrder binaryLittleEndian wireFormat "},
	{"rpc",
	 " Call Client ClientCodec Request Response Server ServerCodec ServerError debugHTTP "
	 "debugMethod debugService gobClientCodec gobServerCodec methodArray methodType service "
	 "serviceArray "},
	{"rsa",
	 " CRTValue OAEPOptions PKCS1v15DecryptOptions PSSOptions PrecomputedValues PrivateKey "
	 "PublicKey boringPriv boringPub "},
	{"runtime",
	 " BlockProfileRecord Cleanup EpollEvent Error FPregset Fpreg Fpreg1 Fpstate Fpstate1 "
	 "Fpxreg Fpxreg1 Frame Frames Func Gregset Itimerspec Itimerval Mcontext "
	 "MemProfileRecord MemStats PanicNilError Pinner Ptregs Sigaction Sigcontext Sigevent "
	 "Siginfo Sigset StackRecord StackT Timespec Timeval TypeAssertionError Ucontext Usigset "
	 "Vreg Xmmreg Xmmreg1 _defer _func _panic _type _typePair activeSweep addrRange "
	 "addrRanges adjustinfo ancestorInfo arenaHint arenaIdx argset arraytype "
	 "atomicHeadTailIndex atomicMSpanPointer atomicOffAddr atomicScavChunkData "
	 "atomicSpanSetSpinePointer bintime bitCursor bitvector blockRecord bmap boundsError "
	 "boundsErrorCode bucket bucketType buckhashArray cgoCallers cgoContextArg cgoErrorMsg "
	 "cgoSymbolizerArg cgoTracebackArg cgothreadstart chantype checkmarksMap childInfo "
	 "chunkIdx cleanupBlock cleanupBlockHeader cleanupFn cleanupQueue consistentHeapStats "
	 "context coro cpuProfile cpuStats cpuStatsAggregate dbgVar debugCallWrapArgs "
	 "debugLogBuf debugLogReader debugLogWriter dlogPerM dlogger dloggerFake dloggerImpl "
	 "eface elfDyn elfEhdr elfPhdr elfShdr elfSym elfVerdaux elfVerdef epollevent "
	 "errorAddressString errorString evacDst exceptionstate32 exceptionstate64 exitHook "
	 "finBlock finalStatsAggregate finalizer finblock findfuncbucket fixalloc floatstate32 "
	 "floatstate64 floaty forcegcstate fpcontrol fpreg1 fpregs fpregset fpstate fpstate1 "
	 "fpstatus fpxreg fpxreg1 funcFlag funcID funcInfo funcinl functab functype funcval g "
	 "gList gQueue gTraceState gcBgMarkWorkerNode gcBgMarkWorkerNodePadded gcBits "
	 "gcBitsArena gcBitsHeader gcCPULimiterState gcControllerState gcDrainFlags "
	 "gcMarkWorkerMode gcMode gcStatsAggregate gcTrigger gcTriggerKind gcWork gclink "
	 "gclinkptr gobuf godebugInc goroutineProfileState goroutineProfileStateHolder gpregs "
	 "gsignalStack guintptr hchan headTailIndex heapArena heapBits heapStatsAggregate "
	 "heapStatsDelta heldLockInfo hex hexdumpMarker hexdumper hiter hmap iface imethod "
	 "immortalWeakHandle immortalWeakHandleMap initTask inlineFrame inlineUnwinder "
	 "inlinedCall interfacetype itab itabTableType itimerspec itimerval kernelVersion "
	 "keventt lfnode lfstack libcall limiterEvent limiterEventStamp limiterEventType "
	 "linearAlloc linknameIter listHead listHeadManual listNode listNodeManual "
	 "liveUserArenaChunk lockRank lockRankStruct lwpparams m m128a mLockProfile mOS mPadded "
	 "mProfCycleHolder mSpanList mSpanState mSpanStateBox mTraceState mWaitList mWeakPointer "
	 "machMsgTypeNumber machPort machTimebaseInfo machVMAddress machVMMapRead "
	 "machVMRegionFlavour machVMRegionInfo machVMSize mapextra maptype markBits "
	 "maybeTraceableChan maybeTraceablePtr mcache mcentral mcontext mcontext32 mcontext64 "
	 "mcontextt memHdr memHdrPtr memRecord memRecordCycle method metricData "
	 "metricFloat64Histogram metricKind metricName metricReader metricSample metricValue "
	 "mheap mlink moduledata modulehash mspan mstats muintptr mutex name nameOff neon128 "
	 "neonstate64 neverCallThisFunction notInHeap notInHeapSlice note notifyList objptr "
	 "offAddr p pMask pTraceState pageAlloc pageBits pageCache pageTraceBuf "
	 "pageTraceEventType pageTraceEvents pallocBits pallocData pallocSum pcHeader "
	 "pcvalueCache pcvalueCacheEnt perThreadSyscallArgs persistentAlloc piController "
	 "pinState pinner pinnerBits plainError pollCache pollDesc pollInfo portevent profAtomic "
	 "profBuf profBufReadMode profIndex ptabEntry pthread pthreadattr pthreadcond "
	 "pthreadcondattr pthreadkey pthreadmutex pthreadmutexattr ptrtype puintptr quoted "
	 "randomEnum randomOrder reflectMethodValue regmmst regs32 regs64 regxmm rtprio rtype "
	 "runtimeSelect rwmutex savedOpenDeferState scase scavChunkData scavChunkFlags "
	 "scavengeIndex scavengerState schedStatsAggregate schedt selectDir semTable "
	 "semaProfileFlags semaRoot semt sigTabT sigactiont sigcontext sigctxt sigevent "
	 "sigeventFields siginfo siginfoFields sigset sizeClassScanStats slice sliceInterfacePtr "
	 "slicetype sockaddr_un spanAllocType spanClass spanInlineMarkBits spanQueue "},
	{"runtime",
	 " spanSPMC spanScanOwnership spanSet spanSetBlock spanSetBlockAlloc spanSetBlockHeader "
	 "spanSetBlockHeader2 spanSetSpinePointer special specialBubble specialCheckFinalizer "
	 "specialCleanup specialPinCounter specialReachable specialSecret specialTinyBlock "
	 "specialWeakHandle specialfinalizer specialprofile specialsIter srcFunc stack "
	 "stackObject stackObjectBuf stackObjectBufHdr stackObjectRecord stackScanState "
	 "stackWorkBuf stackWorkBufHdr stackfreelist stackmap stackpoolItem stackt stat "
	 "statAggregate statDep statDepSet stkframe stringInterfacePtr stringStruct "
	 "stringStructDWARF stringer structfield structtype stwReason sudog suspendGState "
	 "sweepClass sweepLocked sweepLocker sweepdata symbolizeCodeContext symbolizeDataContext "
	 "synctestBubble synctestDeadlockError sysMemStat sysStatsAggregate syscallingThread "
	 "sysmontick taggedPointer textOff textsect tflag tforkt thread throwType thrparam "
	 "ticksType timeHistogram timeTimer timer timerWhen timers timespec timeval tmpBuf "
	 "traceAdvancerState traceAlloc traceAllocBlock traceAllocBlockPtr traceArg "
	 "traceBlockReason traceBuf traceBufHeader traceBufPtr traceBufQueue traceEventWriter "
	 "traceFrame traceGoStopReason traceLocker traceMap traceMapNode traceRegionAlloc "
	 "traceRegionAllocBlock traceRegionAllocBlockHeader traceSchedResourceState traceStack "
	 "traceStackPtr traceStackTable traceStringTable traceTime traceTypeTable traceWriter "
	 "tracestat typeCacheBucket typeOff typePointers ucontext ucontextt uint16InterfacePtr "
	 "uint32InterfacePtr uint64InterfacePtr umtx_time uncommontype unwindFlags unwinder "
	 "updateMaxProcsGState ureg userArena usigactiont usigset vdsoInfo vdsoSymbolKey "
	 "vdsoTimehands vdsoTimekeep vdsoVersionKey waitReason waitq wakeableSleep wbBuf "
	 "winlibcall workType workbuf workbufhdr worldStop writeHeapBits writeUserArenaHeapBits "
	 "xRegPerG xRegPerP xRegState xRegs xmmreg xmmreg1 "},
	{"scan", " unsafeBuf "},
	{"scanner", " Position Scanner "},
	{"sha1", " digest "},
	{"sha256", " digest "},
	{"sha3", " SHA3 SHAKE "},
	{"sha512", " digest "},
	{"signal", " handler signalCtx signalError stopping stringer "},
	{"singleflight", " Group Result call "},
	{"slices", " sortedHint xorshift "},
	{"slog",
	 " Attr Handler HandlerOptions JSONHandler Kind Level LevelVar Leveler LogValuer Logger "
	 "MultiHandler Record Source TextHandler Value commonHandler defaultHandler "
	 "discardHandler groupptr handleState handlerWriter jsonEncoder kind stringptr "
	 "timeLocation timeTime "},
	{"smtp", " Auth Client ServerInfo cramMD5Auth dataCloser plainAuth "},
	{"socktest", " AfterFilter Cookie Filter FilterType Sockets Stat Status Switch stats "},
	{"sort",
	 " Float64Slice IntSlice Interface StringSlice lessSwap reverse sortedHint xorshift "},
	{"sql",
	 " ColumnType Conn DB DBStats IsolationLevel NamedArg Null NullBool NullByte NullFloat64 "
	 "NullInt16 NullInt32 NullInt64 NullString NullTime Out RawBytes Result Row Rows Scanner "
	 "Stmt Tx TxOptions ccChecker closingMutex connRequest connRequestAndIndex "
	 "connRequestDelHandle connRequestSet connReuseStrategy connStmt decimal decimalCompose "
	 "decimalDecompose depSet driverConn driverResult driverStmt dsnConnector finalCloser "
	 "releaseConn rowsScanContext stmtConnGrabber "},
	{"strconv",
	 " Error NumError decimal decimalSlice floatInfo leftCheat pmHiLo scaler unrounded "},
	{"strings",
	 " Builder Reader Replacer appendSliceWriter asciiSet byteReplacer byteStringReplacer "
	 "genericReplacer replacer singleStringReplacer stringFinder stringWriter trieNode "},
	{"structs", " HostLayout hostLayout "},
	{"sync",
	 " Cond HashTrieMap Locker Map Mutex Once Pool RWMutex WaitGroup copyChecker dequeueNil "
	 "eface entry equalFunc hashFunc indirect noCopy node notifyList poolChain poolChainElt "
	 "poolDequeue poolLocal poolLocalInternal readOnly rlocker "},
	{"synctest", " Association Bubble "},
	{"syntax",
	 " EmptyOp Error ErrorCode Flags Inst InstOp Op Prog Regexp charGroup compiler frag "
	 "parser patchList printFlags ranges "},
	{"sys", " NotInHeap nih "},
	{"syslog", " Priority Writer netConn serverConn "},
	{"tabwriter", " Writer cell osError "},
	{"tar",
	 " FileInfoNames Format Header Reader Writer block fileReader fileState fileWriter "
	 "formatter headerError headerFileInfo headerGNU headerSTAR headerUSTAR headerV7 "
	 "numberFormatter parser regFileReader regFileWriter sparseArray sparseDatas sparseElem "
	 "sparseEntry sparseFileReader sparseFileWriter sparseHoles stringFormatter zeroReader "
	 "zeroWriter "},
	{"template",
	 " CSS Error ErrorCode ExecError FuncMap HTML HTMLAttr JS JSStr Srcset Template URL attr "
	 "common contentType context delim element escaper jsCtx kind missingKeyAction "
	 "missingValType nameSpace option rangeContext state urlPart variable writeError "},
	{"testlog", " Interface "},
	{"textproto",
	 " Conn Error MIMEHeader Pipeline ProtocolError Reader Writer dotReader dotWriter "
	 "sequencer "},
	{"time",
	 " Duration Location Month ParseError Ticker Time Timer Weekday absCentury absCyear "
	 "absDays absJanFeb absLeap absMonth absSeconds absYday dataIO fileSizeError "
	 "parseDurationError rule ruleKind runtimeTimer zone zoneTrans "},
	{"tls",
	 " AlertError Certificate CertificateRequestInfo CertificateVerificationError "
	 "CipherSuite ClientAuthType ClientHelloInfo ClientSessionCache ClientSessionState "
	 "Config Conn ConnectionState CurveID Dialer ECHRejectionError EncryptedClientHelloKey "
	 "QUICConfig QUICConn QUICEncryptionLevel QUICEvent QUICEventKind "
	 "QUICSessionTicketOptions RecordHeaderError RenegotiationSupport SessionState "
	 "SignatureScheme activeCert aead alert atLeastReader cacheEntry cbcMode certCache "
	 "certificateMsg certificateMsgTLS13 certificateRequestMsg certificateRequestMsgTLS13 "
	 "certificateStatusMsg certificateVerifyMsg cipherSuite cipherSuiteTLS13 "
	 "clientHandshakeState clientHandshakeStateTLS13 clientHelloMsg clientKeyExchangeMsg "
	 "constantTimeHash cthWrapper ecdhKeyExchange ecdheKeyAgreement ecdheParameters "
	 "echCipher echClientContext echConfig echConfigErr echExtType echExtension "
	 "echServerContext encryptedExtensionsMsg endOfEarlyDataMsg finishedHash finishedMsg "
	 "halfConn handshakeMessage handshakeMessageWithOriginalBytes helloRequestMsg "
	 "hybridKeyExchange keyAgreement keyExchange keyShare keySharePrivateKeys keyUpdateMsg "
	 "listener lruSessionCache lruSessionCacheEntry marshalingFunction mlkem1024KeyExchange "
	 "newSessionTicketMsg newSessionTicketMsgTLS13 nistParameters permanentError "
	 "prefixNonceAEAD prfFunc pskIdentity quicState rawExtension recordType rsaKeyAgreement "
	 "serverHandshakeState serverHandshakeStateTLS13 serverHelloDoneMsg serverHelloMsg "
	 "serverKeyExchangeMsg sessionState sessionStateTLS13 ticketKey timeoutError "
	 "transcriptHash weakCertCache x25519Parameters xorNonceAEAD "},
	{"trace",
	 " FlightRecorder FlightRecorderConfig Region Task batch eventTime frequency "
	 "rawGeneration recorder timestamp traceContextKey traceMultiplexer "},
	{"unicode", " CaseRange Range16 Range32 RangeTable SpecialCase d foldPair "},
	{"unique", " Handle canonMap cloneSeq entry indirect node uniqueMap "},
	{"unsafe", " ArbitraryType IntegerType Pointer "},
	{"unsafeheader", " Slice String "},
	{"url", " Error EscapeError InvalidHostError URL Userinfo Values encoding "},
	{"user",
	 " Group UnknownGroupError UnknownGroupIdError UnknownUserError UnknownUserIdError User "
	 "_C_char _C_gid_t _C_int _C_long _C_size_t _C_struct_group _C_struct_passwd _C_uid_t "
	 "bufferKind lineFunc memBuffer "},
	{"utf8", " acceptRange "},
	{"uuid", " UUID "},
	{"weak", " Pointer "},
	{"x509",
	 " CertPool Certificate CertificateInvalidError CertificateRequest "
	 "ConstraintViolationError ExtKeyUsage HostnameError InsecureAlgorithmError "
	 "InvalidReason KeyUsage OID PEMCipher PolicyMapping PublicKeyAlgorithm RevocationList "
	 "RevocationListEntry SignatureAlgorithm SystemRootsError UnhandledCriticalExtension "
	 "UnknownAuthorityError VerifyOptions authKeyId authorityInfoAccess basicConstraints "
	 "certificate certificateList certificateRequest chainConstraints constraints "
	 "distributionPoint distributionPointName dnsConstraints dsaAlgorithmParameters "
	 "ecPrivateKey emailConstraints ipConstraints lazyCert nameConstraintsSet parsedURI "
	 "pkcs1AdditionalRSAPrime pkcs1PrivateKey pkcs1PublicKey pkcs8 pkixPublicKey policyGraph "
	 "policyGraphNode policyInformation potentialParent pssParameters publicKeyInfo "
	 "rfc1423Algo rfc2821Mailbox sum224 tbsCertificate tbsCertificateList "
	 "tbsCertificateRequest validity "},
	{"xml",
	 " Attr CharData Comment Decoder Directive Encoder EndElement Marshaler MarshalerAttr "
	 "Name ProcInst StartElement SyntaxError TagPathError Token TokenReader UnmarshalError "
	 "Unmarshaler UnmarshalerAttr UnsupportedTypeError fieldFlags fieldInfo parentStack "
	 "printer stack typeInfo "},
	{"zip",
	 " Compressor Decompressor File FileHeader ReadCloser Reader Writer checksumReader "
	 "countWriter dirReader dirWriter directoryEnd fileInfoDirEntry fileListEntry fileWriter "
	 "header headerFileInfo nopCloser openDir pooledFlateReader pooledFlateWriter readBuf "
	 "writeBuf "},
	{"zlib", " Resetter Writer reader "},
};

bool tt_go_std_type(struct tt_str package, struct tt_str type)
{
	char word[64];

	if (package.len == 0 || type.len == 0 || type.len > sizeof(word) - 3)
		return false;
	word[0] = word[type.len + 1] = ' ';
	memcpy(word + 1, type.data, type.len);
	word[type.len + 2] = '\0';
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].package[0] == package.data[0] &&
		    strlen(rows[i].package) == package.len &&
		    memcmp(rows[i].package, package.data, package.len) == 0 &&
		    strstr(rows[i].types, word) != NULL)
			return true;
	return false;
}
