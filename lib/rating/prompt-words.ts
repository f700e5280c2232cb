/**
 * Words by which prompts show what they ask for, in the languages that are asked in most: English, German,
 * French, Spanish, Portuguese, Italian, Russian, Chinese, Japanese and Korean. Where a language is missing, a
 * prompt in it shows less and is in fewer categories. Gaps in the expressions are bounded, so that no text takes
 * longer than a multiple of its length.
 */

/** Chinese, Japanese and Korean set words of other scripts beside their own without a blank. */
const LETTER = "(?![\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Hangul}])[\\p{L}\\p{N}_]";
const BEFORE = `(?<!${LETTER})`;
const AFTER = `(?!${LETTER})`;

/** Whole words; a word of the list may go on for as long as a word is. */
const word = (...alternatives: readonly string[]) =>
  new RegExp(`${BEFORE}(?:${alternatives.join("|")})${AFTER}`, "giu");
/** Of scripts that set no blanks between words. */
const part = (...alternatives: readonly string[]) => new RegExp(alternatives.join("|"), "gu");

// What is to be written, and that it is to be written, within a sentence.
const WRITE = [
  "write|compose|create|tell|invent|make up|imagine|draft|continue|come up with|pen|craft|generate|give",
  "schreib\\p{L}{0,30}|verfass\\p{L}{0,30}|erfinde|dichte|erzähl\\p{L}{0,30}|reime|schrijf|napisz",
  "écri\\p{L}{0,30}|compose[rz]?|racont\\p{L}{0,30}|invente[rz]?|imagine[rz]?",
  "escrib\\p{L}{0,30}|compón|inventa|cuenta|cuénta\\p{L}{0,30}|crea|escrev\\p{L}{0,30}|componha|invente|conte|crie",
  "scriv\\p{L}{0,30}|componi|inventa|racconta\\p{L}{0,30}|crea",
  "напиши\\p{L}{0,30}|сочини\\p{L}{0,30}|придумай\\p{L}{0,30}|расскажи\\p{L}{0,30}",
].join("|");
const WORKS = [
  "poems?|poetry|haikus?|limericks?|sonnets?|ballads?|odes?|songs?|lyrics|rap|(?<!the )(?<!user )stor(?:y|ies)|tales?|fairy tales?",
  "fables?|novels?|novella|screenplay|scenes?|monologues?|dialogues?|jokes?|puns?|riddles?|slogans?|taglines?|parod(?:y|ies)|myths?|legends?|villanelles?|fan ?fiction|soliloquy|nursery rhymes?|epic",
  "(?:herbst|liebes)?gedichte?|(?:kurz|liebes|grusel|gute-nacht-)?geschichten?|märchen|ein lied|liedtext|einen roman|ballade|witze?|fabel|sonett|gedicht|verhaal|sprookje|wiersz|bajkę|opowiadanie",
  "poèmes?|une histoire|contes?|chansons?|nouvelles?|blagues?|fables?|sonnets?|haïkus?",
  "poemas?|cuentos?|una historia|canción|canciones|relatos?|chistes?|fábulas?|sonetos?",
  "uma história|contos?|canção|piadas?|poesias?|un racconto|una storia|favol[ae]|canzon[ei]|filastrocc\\p{L}{0,30}|barzellett\\p{L}{0,30}|sonetto",
  "стих\\p{L}{0,30}|рассказ|сказк\\p{L}{0,30}|песн\\p{L}{0,30}|историю|басн\\p{L}{0,30}|анекдот\\p{L}{0,30}|хокку",
].join("|");

export const CREATIVE_WORDS: readonly RegExp[] = [
  word(`(?:${WRITE})(?![\\p{L}\\p{N}])[^.?!\\n]{0,60}?(?<![\\p{L}\\p{N}])(?:${WORKS})`),
  word(
    "in the style of|as if you were|role-?play\\p{L}{0,30}|pretend (?:to be|you are|you're|that you)|once upon a time|es war einmal|il était une fois|érase una vez|era uma vez|c'era una volta|жил-был",
  ),
  part(
    "[写编作创讲][^。？！\\n]{0,30}?(?:诗|故事|小说|歌词|童话|剧本|笑话|寓言|散文)",
    "(?:詩|俳句|短歌|物語|小説|歌詞|童話|ジョーク)[^。？！\\n]{0,12}?(?:書い|作っ|考え|詠ん|教え)",
    "(?:시를|이야기|소설|가사|동화|농담|하이쿠)[^.?!\\n]{0,12}?(?:써|쓰|지어|만들|들려)",
  ),
];

/** One of them is enough. */
export const CODE_WORDS: readonly RegExp[] = [
  word(
    "(?<!ball )(?<!monty )(?<!burmese )python|javascript|typescript|golang|kotlin|php|sql|html|css|regex(?:es|p)?|numpy|pandas|pytorch|tensorflow|django|fastapi|react\\.?js|next\\.?js|node\\.?js|vue\\.?js|postgres(?:ql)?|mysql|mongodb|sqlite|redis",
    "docker(?:file)?|kubernetes|kubectl|webpack|npm|leetcode|jquery|matplotlib|pytest|junit|haskell|fortran|cobol|matlab|powershell|verilog|vhdl|webassembly|graphql|terraform|ansible|makefile|xpath|nginx",
    "segfault|stack ?trace|null ?pointer\\p{L}{0,30}|source code|unit[ -]?tests?|codebase|pull request|code review|hello world|linked list|binary (?:search )?tree|quicksort|mergesort|hash ?map|time complexity|big[ -]o|async/await|rest(?:ful)? api|api endpoint|(?:shell|bash) script|git (?:rebase|commit|merge|branch|push|pull|checkout|stash|reset|log)|last commit|cron ?job|(?:for|while)[ -]loop|bucle for|boucle for|for-schleife",
    "programming languages?|programmiersprach\\p{L}{0,30}|operating system|langages? de programmation|lenguajes? de programación|linguag(?:em|ens) de programação|linguagg\\p{L}{0,30} di programmazione|языки? программирования",
    "\\p{L}{0,30}exception|\\p{L}{1,30}error:",
  ),
  /(?<![\p{L}\p{N}_])(?:c\+\+|c#|f#|\.net)(?![\p{L}\p{N}_])/giu,
  word(
    "(?:in|with|using|mit|en|em|на|a) (?:rust|java|swift|ruby|perl|scala|lua|dart|julia|react|assembly|elixir|clojure|r|c)(?! (?:class|way|bid|sense))",
    "(?:rust|java|swift|ruby|perl|scala|dart|elixir|react)[ -](?:code|function|program\\p{L}{0,30}|class|app|application|component|compiler|crate|script|developer|project|server)",
  ),
  part(
    "[编編]程|代[码碼]|算法|爬虫|源码|正则表达式|コード|プログラム|プログラミング|アルゴリズム|正規表現|자바스크립트|파이썬|코드|프로그래밍|알고리즘",
  ),
];

/** Each is said of other things as well; two of them are enough. */
export const CODE_HINTS: readonly RegExp[] = [
  word("code|coding|código|codice|код\\p{L}{0,30}"),
  word(
    "functions?|funktion(?:en)?|fonctions?|función|funciones|função|funzion[ei]|функци\\p{L}{0,30}",
  ),
  word("scripts?|skripte?|скрипт\\p{L}{0,30}"),
  word(
    "programs?|programm\\p{L}{0,30}|programmes?|programas?|программ\\p{L}{0,30}|software|compil\\p{L}{1,30}|kompilier\\p{L}{1,30}",
  ),
  word("algorithms?|algorithm(?:us|en)|algorithmes?|algoritm[aoi]s?|алгоритм\\p{L}{0,30}"),
  word("bugs?|debug\\p{L}{0,30}|refactor\\p{L}{0,30}|stacktrace|traceback|crash(?:es|ed)?"),
  word("arrays?|variables?|strings?|integers?|boolean|pointers?|booleano|массив\\p{L}{0,30}"),
  word(
    "apis?|endpoints?|json|yaml|backend|frontend|middleware|microservices?|monolith|debouncing|virtualisation|threads?|mutex|recursi\\p{L}{1,30}",
  ),
  word("databases?|datenbank\\p{L}{0,30}|schema|tables?"),
  word("indexes|indizes|indices|queries|query|partition|sql-\\p{L}{1,30}"),
  word(
    "servers?|deploy\\p{L}{0,30}|repository|git|linux|compiler|library|framework|heap|cache|curl",
  ),
  part("函数|関数|함수"),
  part("程序|数据库|脚本|データベース|スクリプト|프로그램|스크립트"),
];

/** Marks of formulas; of text without its code. */
export const FORMULAS: readonly RegExp[] = [
  /\$[^$\n]{0,200}[\\^_=+<>][^$\n]{0,200}\$/u,
  /\\(?:frac|sum|int|sqrt|prod|lim|begin|mathbb|alpha|beta|theta|infty|cdot|times|\(|\[)/u,
  /[∫∑√∏∂≤≥≠∞∈∀∃]/u,
  /\d\s{0,3}[+*×÷^=]\s{0,3}-?\(?\d/u,
  /\d\s{1,3}[-−/]\s{1,3}\d/u,
  // x^2, 2x + 3, f(x), (3a + 2b)^2
  /(?<![\p{L}\p{N}])[a-z]\s?\^\s?[\d({]|\)\s?\^\s?\d|(?<![\p{L}\p{N}.])\d{1,6}[a-z]\s?[-+*/=]\s?\d|(?<![\p{L}\p{N}])[fgh]\([a-z]\)\s?=/iu,
];

/** One of them is enough. */
export const MATH_WORDS: readonly RegExp[] = [
  word(
    "equations?|integrals?|derivatives? of|differentiate|antiderivative|prove that|proof (?:of|that|by)|prove (?:the|by)|theorem|lemma|probabilit(?:y|ies)|expected value|matri(?:x|ces)|eigenvalues?|eigenvectors?|determinant|primes?|prime (?:numbers?|factors?)|polynomials?|quadratic|logarithms?|trigonometr\\p{L}{0,30}|hypotenuse|calculus|algebra\\p{L}{0,30}|factorial|permutations?|modulo|standard deviation|fibonacci|finite group|vector space|cyclic group|arithmetic|geometr(?:y|ic)|congruen\\p{L}{1,30}|queu(?:e|ing) theory",
    "gleichung(?:en)?|ableitung|integriere|beweise?|wahrscheinlichkeit(?:en)?|primzahl(?:en)?|wurzel aus|matrizen|bruchrechn\\p{L}{0,30}",
    "équations?|dérivées?|intégrales?|démontre[rz]?|probabilités?|théorème|nombres? premiers?",
    "ecuaci(?:ón|ones)|derivadas?|integral(?:es)?|demuestra|demostrar|probabilidad(?:es)?|teorema|números? primos?|equaç(?:ão|ões)|probabilidades?",
    "equazion[ei]|derivata|integrale|dimostra\\p{L}{0,30}|probabilità|numeri primi",
    "уравнени\\p{L}{0,30}|производн\\p{L}{0,30}|интеграл\\p{L}{0,30}|докажи\\p{L}{0,30}|вероятност\\p{L}{0,30}|теорем\\p{L}{0,30}|простых чисел",
  ),
  part(
    "方程|积分|導数|导数|概率|確率|証明し|证明|求解|几何|质数|素数|微分|積分|方程式|행렬|방정식|확률|적분|미분|증명",
  ),
  /\d\s?%\s?(?:of|von|de|di|от)\s\d/giu,
  word("how many (?:ways|different ways|combinations|arrangements)"),
];

/** With two numbers beside it, it is a sum told as a story. */
export const SUM_QUESTIONS: readonly RegExp[] = [
  word(
    "how many|how much|how (?:long|far|fast|old|tall)|what (?:is|was|will be) (?:the|its|her|his) (?:total|average|percentage|speed|area|volume|perimeter|sum|mean|original price|final price|cost|price|distance|ratio|remainder)|estimate the (?:waiting|average|total|expected)",
    "wie viele?|wie lange|wie schnell|combien|cuánt[oa]s?|cuánto|quant[oae]s?|сколько",
  ),
  part("多少|几[个人天]|いくつ|何[個人本枚]|얼마|몇"),
];

/** What answers must hold to: each expression is one kind of constraint, and each place where it is found is one. */
export const CONSTRAINTS: readonly RegExp[] = [
  // Lengths and counts.
  word(
    "(?:(?<![.,])\\d{1,5}|one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|fifty)(?:[ -](?:to|and|or)?[ -]?\\d{1,5})?[ -](?:words?|sentences?|paragraphs?|bullet(?: point)?s?|bullets?|lines?|stanzas?|syllables|characters|columns?|rows?|verses|steps|entries)",
    "(?:(?<![.,])\\d{1,5}|einem|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn) (?:wörtern?|worten?|sätzen?|absätzen?|zeilen|stichpunkten?|zeichen|strophen|silben|spalten)",
    "(?:(?<![.,])\\d{1,5}|une|deux|trois|quatre|cinq|six|dix) (?:mots|phrases?|paragraphes?|lignes|strophes|caractères|puces)",
    "(?:(?<![.,])\\d{1,5}|una|dos|tres|cuatro|cinco|seis|diez|duas|três|quatro) (?:palabras|frases?|oraciones|párrafos?|líneas|versos|estrofas|caracteres|palavras|parágrafos?|linhas)",
    "(?:(?<![.,])\\d{1,5}|una|due|tre|quattro|cinque|dieci) (?:parole|frasi|paragrafi|righe|strofe|caratteri)",
    "\\d{1,5} (?:слов\\p{L}{0,2}|предложени\\p{L}{1,3}|абзац\\p{L}{0,3}|строк\\p{L}{0,2}|символ\\p{L}{0,2})",
  ),
  part(
    "[\\d一二三四五六七八九十百两]{1,5}\\s?(?:个?字|句话?|段|行|条|文字以内|文字|文で|点で|자 이내|글자|문장|단락)",
  ),
  word(
    "exactly|at most|at least|no more than|no longer than|less than \\d+|fewer than|under \\d+|up to \\d+|genau|höchstens|mindestens|maximal|exactement|au plus|au moins|moins de \\d+|exactamente|como máximo|al menos|menos de \\d+|no máximo|exatamente|esattamente|al massimo|almeno|ровно|не более|не менее",
  ),
  part("不超过|不少于|至少|最多|以内|以下の文字数|以上書|이내로|이상으로"),
  // Formats.
  word(
    "(?:as|in|into|return|output|valid|use|using|form of) (?:an? |the |valid |only |pure |plain |single )*(?:json|yaml|xml|csv|markdown|html|latex)(?: (?:object|array|table|list|format))?",
    "(?:as|in|into|return|form of|with) (?:an? |the |single |simple )*(?:(?:markdown |comma[ -]separated |numbered |bulleted |bullet )?(?:tables?|list)|bullet points?|plain text|all caps|capital letters|upper ?case|lower ?case|title case|alphabetical order)",
    "(?:numbered|bulleted|bullet|comma[ -]separated) list|bullet points",
    "als (?:tabelle|liste|json|aufzählung)|mit einer liste|in stichpunkten|stichpunktartig|sous forme d[e'] ?(?:liste|tableau)|en forma de (?:lista|tabla)|en formato \\p{L}{1,30}|em formato \\p{L}{1,30}|in formato \\p{L}{1,30}|como una (?:lista|tabla)|в виде (?:таблицы|списка)|в формате \\p{L}{1,30}",
  ),
  part("表格|列表|以JSON|JSON格式|表形式|箇条書き|リスト形式|表で|표로|목록으로"),
  // What must not be.
  word(
    "(?:do not|don't|never|must not|should not|mustn't|cannot|may not) (?:\\p{L}{1,30}ly )?(?:use|include|mention|add|explain|write|repeat|exceed|start|begin|end|output|return|say|give|make|contain|list|refer|provide|assume|number|translate|change|copy|quote|answer|apologi[sz]e|capitali[sz]e)",
    "no (?:\\p{L}{1,30} )?(?:may|can) contain|without (?:any|using|mentioning|including|adding|the (?:word|letter|use)|adjectives|punctuation|explanation|comments?|recursion|external|unsafe|adding)|avoid (?:using|the|any)|no (?:preamble|explanations?|introduction|adjectives|other text|external|emojis?|jargon)|excluding",
    "(?:verwende|benutze|nutze|nenne|schreibe?|erwähne) (?:\\p{L}{1,30} ){0,2}(?:kein\\p{L}{0,30}|nicht)|ohne (?:erklärung|das wort|die wörter|\\p{L}{1,30} zu)|kein\\p{L}{0,30} (?:einleitung|erklärung|fremdwörter)",
    "sans (?:utiliser|mentionner|explication|employer)|n'utilise[rz]? (?:pas|aucun\\p{L}{0,30})|ne \\p{L}{1,30} pas (?:de|le|la)|no (?:uses|utilices|menciones|incluyas|escribas)|sin (?:usar|utilizar|mencionar|explicaci\\p{L}{1,30})|evita|não (?:use|mencione|inclua|escreva)|sem (?:usar|mencionar)|senza (?:usare|utilizzare|menzionare)|non (?:usare|utilizzare|menzionare)",
    "не (?:используй|упоминай|пиши|добавляй)\\p{L}{0,30}|без использования|без слов\\p{L}{0,30}",
  ),
  part(
    "不要|不得|不能使用|不可以?使用|避免使用|使わず|使わないで|せずに|なしで|含めないで|사용하지|포함하지|없이",
  ),
  // What must be.
  word(
    "must (?:be|have|use|start|begin|end|include|contain|print|support|rhyme|not|also|handle|return|only|mention)|should (?:start|begin|end|contain|include|rhyme)",
    "(?:starts?|starting|begins?|beginning|ends?|ending) (?:each|every|with)|(?:each|every) (?:line|sentence|paragraph|stanza|item|bullet|step|entry|word|row|one|point)|each (?:of|beginning|starting|with|at)",
    "(?:answer|reply|respond|return|output|print|write|use|include) (?:\\p{L}{1,30} )?only|only (?:answer|use|output|return|reply|respond|with|write|print)|\\p{L}{1,30} only with|(?:with|have) the (?:keys|columns|headings|sections|fields)|keep it (?:under|below|short|to)|use a(?:n)? \\p{L}{1,30} (?:tone|style)|use the (?:words?|phrases?)|include (?:the|at least|a|an|unit|one|two|three)|sort(?:ed)? (?:by|them|alphabetically|it)|must rhyme|rhyme scheme|acrostic|in the (?:first|second|third) person",
    "beginne (?:jeden|jede|mit)|beende|ende mit|jede[rs]? (?:satz|zeile|absatz)|antworte nur|nur mit|verwende (?:genau|das wort|die wörter)|commence[rz]? (?:par|chaque)|chaque (?:phrase|ligne|paragraphe)|termine[rz]? par|réponds (?:seulement|uniquement)|cada (?:frase|línea|párrafo|oración|linha|parágrafo)|termina con|empieza con|responde (?:solo|sólo|únicamente|só|apenas)|termine com|comece com|inizia con|finisci con|ogni (?:frase|riga)|rispondi solo|кажд\\p{L}{2} (?:предложение|строк\\p{L}|абзац)|начни с|закончи|отвечай только|ответь только",
  ),
  part(
    "必须|只(?:用|回答|输出|能)|每[句行段个]|结尾|开头|必ず|のみ(?:で|答)|だけで答|各文|各行|で終わ|で始め|반드시|만 (?:답|사용|출력)|로 시작|로 끝",
  ),
];

/** Words of a field that takes study; stems that many languages share. */
export const DOMAIN_WORDS: readonly RegExp[] = [
  word(
    "(?:patent|statut|liabilit|litigat|plaintiff|tort|copyright|jurisdic|vertragsrecht|tenant's counsel|lease|breach|infring)\\p{L}{0,30}|contract law|counsel|gdpr|dsgvo|klage|urteil",
    "(?:patient|diagnos|symptom|antibioti|clinic|klinisch|therap|dosage|pharmac|pathophys|chemother|surg|vaccin|vakzin|antidepress|placebo|warfarin|insulin|mrna|lipid|protein|enzym|genom|genet|mitochond|neuron|bacteri)\\p{L}{0,30}",
    "(?:quant[ue]|thermodynam|entrop|relativi|electromagnet|semiconduct|transistor|molec|molek|cataly|polymer|orbital|isotop|turbulen|aerodynam)\\p{L}{0,30}|voltage|impedance",
    "(?:inflation|inflaci|monetar|macroecon|microecon|amorti[sz]|depreciat|valuation|derivatives market|liquidit|arbitrage|hedg|churn|runway|fiscal|recession|volatilit)\\p{L}{0,30}|balance sheet|interest rates?|monetary policy|ecb|cash flow|bond yields?",
    "(?:regression|bayes|neural|gradient|transformer|backprop|stochast|optimi[sz]ation|eigen|topolog|cryptograph|concurren|distributed|kernel|compiler|microservice|partition|latenc|throughput|multi-tenant)\\p{L}{0,30}|machine learning|blinding|sample size|statistical|missing data",
    "(?:epistemolog|ontolog|hermeneut|phenomenolog|geopolit|socioecon|jurisprud|linguist|phonolog|syntax)\\p{L}{0,30}",
  ),
  part(
    "量子|通货膨胀|诊断|法律|合同|宏观|神经网络|热力学|分子|診断|契約|金融政策|熱力学|양자|진단|계약",
  ),
];

/** That something is to be worked out, not looked up. */
export const PROBLEM_WORDS: readonly RegExp[] = [
  word(
    "(?:debug|fix|optimi[sz]e|design|derive|prove|diagnos\\p{L}{0,30}|troubleshoot|implement|analy[sz]e|compare|evaluate|estimate|refactor|solves?|determine|justify|plan|propose|assess|prioriti[sz]e|rank\\p{L}{0,30}|reduce|halve|draft an argument|show that|find the cause|walk me through|identify|architect|address)",
    "how would you|how do you|what would you|what should (?:i|we)|which steps|why does|why did|why do|how should|what defences|trade-?offs?|which (?:assumptions|interaction|transmission)",
    "wie würdest du|finde[n]? die ursache|ursache finden|beweise|löse|vergleiche|analysiere|bewerte|entwirf|optimiere|comment (?:ferais|devrais)|démontre[rz]?|compare[rz]?|analyse[rz]?|résous|optimise[rz]?|conçois|cómo (?:harías|deberí\\p{L}{1,30})|analiza|compara|demuestra|diseña|resuelve|optimiza|analise|compare|projete|analizza|confronta|progetta|сравни\\p{L}{0,30}|проанализируй\\p{L}{0,30}|докажи\\p{L}{0,30}|спроектируй\\p{L}{0,30}|оптимизируй\\p{L}{0,30}",
  ),
  part(
    "分析|比较|设计|证明|优化|如何解决|怎么解决|比較し|分析し|設計|最適化|証明し|분석|비교|설계|최적화|증명",
  ),
];

/** That something new is to be thought of. */
export const INVENTION_WORDS: readonly RegExp[] = [
  word(
    "design|propose|invent|come up with|brainstorm|develop|strateg\\p{L}{0,30}|plan|create|draft|what would you|how would you|approach|architect|entwirf|entwickle|konzept|strategie|plan|conçois|propose[rz]?|stratégie|diseña|propón|estrategia|desarrolla|projete|proponha|progetta|proponi|придумай\\p{L}{0,30}|разработай\\p{L}{0,30}|предложи\\p{L}{0,30}",
  ),
  part("设计|方案|策略|提出|制定|提案|戦略|設計|개발|제안|전략"),
];

/** That somebody means to do something with the answer. */
export const PRACTICE_WORDS: readonly RegExp[] = [
  word(
    "my|our|we|i'm|i am|i manage|i run|we run|i work|clients?|customers?|compan(?:y|ies)|startup|team|production|project|business|deadline|budget|students|patients?|users|employees|in practice|real[- ]world|lecture|landlord|warehouse",
    "mein\\p{L}{0,30}|unser\\p{L}{0,30}|wir|kunden?|firma|projekt|mon|notre|nous|clients?|entreprise|équipe|mi|mis|nuestr[oa]s?|cliente?s?|empresa|equipo|meu|minha|nosso|nossa|equipe|nostr[oa]|azienda|progetto|мой|моя|наш\\p{L}{0,30}|клиент\\p{L}{0,30}|компани\\p{L}{0,30}|проект\\p{L}{0,30}",
  ),
  part(
    "我的|我们|客户|公司|团队|项目|私の|私たち|弊社|顧客|会社|チーム|우리|회사|고객|프로젝트|저는",
  ),
];

/** Figures with a unit: what is said must be exact. */
export const UNITS =
  /\d\s?(?:%|ms|mb|gb|tb|kb|mhz|ghz|kg|mg|ml|km|cm|mm|kwh|mw|hz|°c|k\b|usd|eur|€|\$|hours?|minutes?|days?|months?|years?|employees|rows|customers|users|requests|endpoints|quarters|kunden)(?!\p{L})/giu;
